import type { Clock } from "../../platform/clock.ts";
import { endAll } from "../command/change.ts";
import { Fault } from "../fault.ts";
import type { Commands } from "../store/commands.ts";
import { type DeviceSecret, KeyNumberTaken, type KeyRecord } from "../store/device_keys.ts";
import { type Device, type Devices, type NewDevice, requireDevice } from "../store/devices.ts";
import type { GroupCommit } from "../store/group_commit.ts";
import type { Replay } from "../store/replay.ts";
import type { NewToken, Token, Tokens } from "../store/tokens.ts";

/** Keys a device may have at a time: the one in use, the next one, and some for those who hesitate. */
const MAX_ACTIVE_KEYS = 4;
/** Times that a key is made ready again because another took its number: as many keys as can be issued meanwhile, and more. */
const MAX_ATTEMPTS = 100;

/** What operators do with devices and tokens, over HTTP or at the machine itself. Resolves when it is on disk. */
export interface Management {
  /** Throws `Fault`: `conflict` when the name is taken, `refused` for a bad key. */
  addDevice(device: NewDevice): Promise<{ readonly device: Device; readonly key: DeviceSecret }>;
  listDevices(): readonly Device[];
  /** Throws `Fault` `not_found`, as all that follow. */
  device(deviceId: string): Device;
  removeDevice(deviceId: string): Promise<void>;
  keys(deviceId: string): readonly KeyRecord[];
  /** One more key; the ones before stay valid until they are revoked. `refused` when the device has 4. */
  issueKey(deviceId: string): Promise<DeviceSecret>;
  /** `refused` for the last one: a device without a key is one to remove. */
  revokeKey(deviceId: string, number: number): Promise<void>;
  /**
   * Lets a device start again (contract/1-link §3, `/security/reset`): a `signed` one gets a new key, its old ones are
   * revoked; a board counts from 0 again, and what it sent before stays refused.
   */
  resetDevice(deviceId: string): Promise<DeviceSecret | undefined>;
  createToken(token: NewToken): Promise<{ readonly token: Token; readonly secret: string }>;
  listTokens(): readonly Token[];
  revokeToken(id: string): Promise<void>;
}

interface ManagementIo {
  readonly devices: Devices;
  readonly tokens: Tokens;
  readonly replay: Pick<Replay, "resetBoard">;
  readonly commands: Commands;
  readonly commit: Pick<GroupCommit, "run">;
  readonly clock: Pick<Clock, "now">;
}

export function createManagement({ devices, tokens, replay, commands, commit, clock }: ManagementIo): Management {
  const device = (name: string): Device => requireDevice(devices, name);
  return {
    addDevice: (added) => withNewKey(() => devices.add(added), (add) => commit.run(() => add(clock.now()))),
    listDevices: () => devices.list(),
    device,
    removeDevice: (deviceId) => commit.run(() => remove({ devices, commands }, device(deviceId), clock.now())),
    keys: (deviceId) => devices.keys.list(device(deviceId)),
    issueKey: (deviceId) =>
      withNewKey(
        () => devices.keys.issue(device(deviceId).deviceId),
        (issue) => commit.run(() => issueKey(devices, device(deviceId), (to) => issue(to, clock.now()))),
      ),
    revokeKey: (deviceId, number) => commit.run(() => revokeKey(devices, device(deviceId), number, clock.now())),
    resetDevice: async (deviceId) => await reset(device(deviceId), { devices, replay, commit, clock }),
    createToken: (token) => commit.run(() => tokens.create(token, clock.now())),
    listTokens: () => tokens.list(),
    revokeToken: (id) =>
      commit.run(() => {
        if (!tokens.revoke(id, clock.now())) throw new Fault("not_found", `No token ${id} is in use`);
      }),
  };
}

/** A device that comes back under the same name must not find what was meant for the old one. */
function remove({ devices, commands }: Pick<ManagementIo, "devices" | "commands">, device: Device, now: number): void {
  endAll(commands, device.row, now, "the device was removed");
  devices.remove(device.deviceId, now);
}

function activeCount(devices: Devices, device: Device): number {
  return devices.keys.list(device).filter(({ revokedAt }) => revokedAt === undefined).length;
}

/** A key is sealed before the transaction that adds it; again, when another one took its number meanwhile. */
async function withNewKey<K, T>(seal: () => Promise<K>, add: (key: K) => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    const key = await seal();
    try {
      return await add(key);
    } catch (error) {
      if (!(error instanceof KeyNumberTaken) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

function issueKey(devices: Devices, device: Device, issue: (to: Device) => DeviceSecret): DeviceSecret {
  if (activeCount(devices, device) >= MAX_ACTIVE_KEYS) {
    throw new Fault("refused", `Cannot issue a key: ${device.deviceId} has ${MAX_ACTIVE_KEYS}, revoke one first`);
  }
  return issue(device);
}

function revokeKey(devices: Devices, device: Device, number: number, now: number): void {
  const key = devices.keys.list(device).find((key) => key.number === number && key.revokedAt === undefined);
  if (!key) throw new Fault("not_found", `Device ${device.deviceId} has no key ${number} in use`);
  if (activeCount(devices, device) === 1) {
    throw new Fault("refused", `Cannot revoke key ${number}: it is the only one of ${device.deviceId}`);
  }
  devices.keys.revoke(device, number, now);
}

async function reset(
  { deviceId, auth }: Device,
  { devices, replay, commit, clock }: Pick<ManagementIo, "devices" | "replay" | "commit" | "clock">,
): Promise<DeviceSecret | undefined> {
  const found = () => requireDevice(devices, deviceId);
  switch (auth) {
    case "signed":
      return await withNewKey(() => devices.keys.issue(deviceId), (issue) =>
        commit.run(() => {
          devices.keys.revokeAll(found(), clock.now());
          return issue(found(), clock.now());
        }));
    case "legacy":
      return await commit.run(() => {
        for (const fingerprint of devices.keys.fingerprints(found())) replay.resetBoard(fingerprint);
        return undefined;
      });
    default:
      return auth satisfies never;
  }
}
