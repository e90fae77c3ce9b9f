import type { CommandRecord } from "../../api/views.ts";
import { absoluteTime } from "../../components/time.tsx";
import { CommandStateBadge, commandText } from "./command_text.tsx";

/** Everything that happened to a command. */
export function CommandDetail({ command, onClose }: { readonly command: CommandRecord; readonly onClose: () => void }) {
  const { command_id, device_id, inverter, steps, error_message, result, execution_time_ms } = command;
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
            <dd>{resultText(result)}</dd>
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
            <strong>{step.replaceAll("_", " ")}</strong> <time dateTime={time}>{absoluteTime(Date.parse(time))}</time>
            {detail !== "" && <span class="faint">{detail}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}

function resultText(result: NonNullable<CommandRecord["result"]>): string {
  return typeof result === "string" ? result : JSON.stringify(result);
}
