import type { CommandRecord } from "../../api/views.ts";
import { Fact } from "../../components/fact.tsx";
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
        <Fact term="Inverter">{inverter} of {device_id}</Fact>
        <Fact term="Id">
          <code>{command_id}</code>
        </Fact>
        <Fact term="Why it failed">{error_message}</Fact>
        <Fact term="Result">{typeof result === "string" ? result : result?.message}</Fact>
        <Fact term="Read back">{readBack.length > 0 ? readBack.map(registerText).join(", ") : undefined}</Fact>
        <Fact term="Took">{execution_time_ms === null ? undefined : `${execution_time_ms} ms`}</Fact>
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
