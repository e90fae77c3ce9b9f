import { CommandGet, type CommandGetAnswer, CommandReport } from "../../protocol/command/device_messages.ts";
import type { Clock } from "../../platform/clock.ts";
import { type Answer, type DeferredAnswer, type DeviceRoute, deviceRoute, jsonAnswer } from "./device_route.ts";
import type { DeviceCall } from "../auth/identity.ts";
import type { Commands } from "../store/commands.ts";
import type { GroupCommit } from "../store/group_commit.ts";
import type { CommandNotifier } from "../command/notifier.ts";
import { handOut, nextLook } from "../command/hand_out.ts";
import { takeReport } from "../command/reporting.ts";

interface CommandRoutesIo {
  readonly commands: Commands;
  readonly commit: Pick<GroupCommit, "run">;
  readonly notifier: CommandNotifier;
  readonly clock: Clock;
}

/** `POST /command/get` and `POST /command/report` (contract/1-link §6). */
export function createCommandRoutes(io: CommandRoutesIo): readonly DeviceRoute[] {
  return [
    deviceRoute("/command/get", CommandGet, (call) => get(call, io)),
    deviceRoute("/command/report", CommandReport, (call) => report(call, io)),
  ];
}

/** A board reads without a time limit and polls nothing meanwhile: it never waits. */
function get(call: DeviceCall<CommandGet>, io: CommandRoutesIo): Answer | DeferredAnswer {
  const { device, body } = call;
  const heard = io.notifier.heard(device.row);
  const answer = handOut(call, io.commands);
  if (answer.command_count > 0 || body.wait_s === 0 || device.auth === "legacy") return jsonAnswer(200, answer);
  return (signal) => waitFor(call, { answer, heard }, io, signal);
}

/** Waits without holding a transaction; every look at the queue is one of its own. */
async function waitFor(
  call: DeviceCall<CommandGet>,
  looked: { readonly answer: CommandGetAnswer; readonly heard: number },
  { commands, commit, notifier, clock }: CommandRoutesIo,
  signal: AbortSignal,
): Promise<Answer> {
  const start = clock.monotonic();
  const end = start + 1000 * call.body.wait_s;
  let { answer, heard } = looked;
  while (answer.command_count === 0 && !signal.aborted) {
    const left = end - clock.monotonic();
    if (left <= 0) break;
    const now = clock.now();
    const next = nextLook({ ...call, now }, commands) - now;
    if (await notifier.wait(call.device.row, Math.min(left, next), heard, signal) === "superseded") break;
    heard = notifier.heard(call.device.row);
    answer = await commit.run(() => handOut({ ...call, now: clock.now() }, commands));
  }
  return jsonAnswer(200, { ...answer, waited_ms: Math.max(0, Math.floor(clock.monotonic() - start)) });
}

/** A report may be what a waiting request of the same device needs to get the next command. */
function report(call: DeviceCall<CommandReport>, { commands, notifier }: CommandRoutesIo): Answer {
  const answer = jsonAnswer(200, takeReport(call, commands));
  return { ...answer, stored: () => notifier.ring(call.device.row) };
}
