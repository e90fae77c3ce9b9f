import type { DeviceStateView } from "../state/device_states.ts";
import { stateReasonText } from "../state/reason_text.ts";
import type { Message } from "./message.ts";
import { conditionTopic } from "./topics.ts";

/**
 * The retained message on `ecowatt/<device>/condition`: `{state, since, reason, inverters: {name: state}}`, with the states
 * `ok`, `asleep`, `stale` and `fault`.
 */
export function conditionMessage(device: string, { state, since, reason, inverters }: DeviceStateView): Message {
  const payload = {
    state,
    since: new Date(since).toISOString(),
    reason: stateReasonText(reason),
    inverters: Object.fromEntries(inverters.map(({ inverter, state }) => [inverter, state])),
  };
  return { topic: conditionTopic(device), payload: JSON.stringify(payload), retain: true };
}
