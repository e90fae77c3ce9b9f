import type { CommandRecord } from "../../api/views.ts";
import { AbsoluteTime } from "../../components/time.tsx";
import { CommandStateBadge, commandText } from "./command_text.tsx";

/** Everything that happened to a command. */
export function CommandDetail({ command, onClose }: { readonly command: CommandRecord; readonly onClose: () => void }) {
  const { command_id, device_id, inverter, steps, error_message, result, execution_time_ms } = command;
  const readBack = result === null || typeof result === "string" ? [] : result.registers;
  return (
    <section class="detail" aria-label={`${commandText(command)} of ${device_id}`}>
      <div class="card-head">
        <h3>
          {commandText(command)} <CommandStateBadge command={command} />
        </h3>
        <button type="button" class="quiet" onClick={onClose} aria-label="Close the details">✕</button>
      </div>
      <dl class="facts">
        <dt>Inverter</dt>
        <dd>{inverter} of {device_id}</dd>
        <dt>Id</dt>
        <dd>
          <code>{command_id}</code>
        </dd>
        {error_message !== null && (
          <>
            <dt>Why it failed</dt>
            <dd>{error_message}</dd>
          </>
        )}
        {result !== null && (
          <>
            <dt>Result</dt>
            <dd>{typeof result === "string" ? result : result.message}</dd>
          </>
        )}
        {readBack.length > 0 && (
          <>
            <dt>Read back</dt>
            <dd>{readBack.map(registerText).join(", ")}</dd>
          </>
        )}
        {execution_time_ms !== null && (
          <>
            <dt>Took</dt>
            <dd>{execution_time_ms} ms</dd>
          </>
        )}
      </dl>
      <ol class="steps">
        {steps.map(({ time, step, detail }) => (
          <li key={`${time} ${step}`}>
            <strong>{step.replaceAll("_", " ")}</strong> <AbsoluteTime at={Date.parse(time)} />
            {detail !== "" && <span class="faint">{detail}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}

type Registers = Exclude<NonNullable<CommandRecord["result"]>, string>["registers"];

/** What a register holds: as it means, where that is known, and else its words. */
function registerText({ address, words, register, value, unit }: Registers[number]): string {
  const held = value === undefined ? words.join(" ") : `${value} ${unit ?? ""}`.trim();
  return `${register === undefined ? "register" : register} (at ${address}): ${held}`;
}
