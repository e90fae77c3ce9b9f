import { patched, type SettingsValues, valuesOf } from "../../protocol/settings/settings.ts";
import { Fault } from "../fault.ts";
import type { Device, Devices } from "../store/devices.ts";
import type { Rollouts, StoredRollout } from "../store/settings_rollouts.ts";
import { type DesiredIo, setDesired } from "./desired.ts";
import type { RolloutStep } from "./rollout.ts";
import type { Member, Rollout } from "../store/port/settings_rollout.ts";

interface RolloutEffectsIo extends DesiredIo {
  readonly rolloutStates: Rollouts;
  readonly devices: Devices;
}

/** Does what a step says and keeps the rollout, inside one transaction. */
export function keep(
  id: number,
  { rollout, set, back }: RolloutStep,
  io: RolloutEffectsIo,
  now: number,
): StoredRollout {
  const changed = new Map<string, Member>([
    ...set.map((member) => [member.device, setMember(member, rollout, `rollout ${id}`, io, now)] as const),
    ...back.map((member) => [member.device, putBack(member, `rollout ${id}: back`, io, now)] as const),
  ]);
  const members = rollout.members.map((member) => changed.get(member.device) ?? member);
  const kept = { ...rollout, members };
  io.rolloutStates.save(id, kept);
  return { id, rollout: kept };
}

function setMember(member: Member, { settings }: Rollout, by: string, io: RolloutEffectsIo, now: number): Member {
  return tried(member, () => {
    const device = known(member, io);
    const { desired, reported } = io.twins.load(device);
    const { twin } = setDesired(device, patched(desired, settings), by, io, now);
    const previous = device.auth === "signed" ? desired : withReported(desired, reported, settings);
    return { ...member, stage: "set", previous, version: twin.version, setAt: now };
  });
}

/** What somebody set since stays: it is newer than the rollout. */
function putBack(member: Member, by: string, io: RolloutEffectsIo, now: number): Member {
  return tried(member, () => {
    const device = known(member, io);
    if (io.twins.load(device).version !== member.version) {
      return { ...member, stage: "left", reason: "was set by somebody else since" };
    }
    setDesired(device, member.previous ?? {}, by, io, now);
    return { ...member, stage: "back" };
  });
}

/** What a board did before without having been told: it cannot be told to forget. */
function withReported(desired: SettingsValues, reported: SettingsValues, settings: SettingsValues): SettingsValues {
  const before = (key: "poll_interval_s" | "upload_interval_s") =>
    desired[key] ?? (settings[key] === undefined ? undefined : reported[key]);
  return valuesOf({
    poll_interval_s: before("poll_interval_s"),
    upload_interval_s: before("upload_interval_s"),
    registers: desired.registers,
  });
}

function known({ device }: Member, { devices }: RolloutEffectsIo): Device {
  const found = devices.find(device);
  if (!found) throw new Fault("not_found", "is no longer registered");
  return found;
}

/** A device that became another one since the rollout began leaves it; the others go on. */
function tried(member: Member, work: () => Member): Member {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ...member, stage: "left", reason: error.message };
  }
}
