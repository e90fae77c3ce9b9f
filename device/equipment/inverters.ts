import type { Clock } from "../../platform/clock.ts";
import { ecowattKind } from "../../protocol/profile/ecowatt.ts";
import type { DeviceKind } from "../../protocol/profile/format/compile.ts";
import { type Library, machineLibrary } from "../../profiles/library.ts";
import type { BusConfig, InverterConfig } from "../config/bus_config.ts";
import { createInverter, type Inverter } from "../inverter/inverter.ts";
import type { MapMemory } from "../inverter/map_memory.ts";
import type { Bus } from "../modbus/bus.ts";
import type { WrittenProfile } from "../uplink/profile_carrier.ts";

/** Dependencies of the inverters on a bus. */
interface InvertersIo {
  readonly clock: Clock;
  /** What was learned of an inverter's map before the start. */
  readonly memoryOf?: (inverter: string) => MapMemory;
  /** Where devices are found by name; default: those of this machine. */
  readonly library?: Library;
}

/** One inverter, with how it was configured. */
export interface ConfiguredInverter {
  readonly config: InverterConfig;
  readonly inverter: Inverter;
  readonly bus: Pick<Bus, "name" | "timing">;
  /** Whether it hangs on a serial port of this machine. */
  readonly serial: boolean;
  /** Where it hangs: what it is told apart by from others, whatever it is called. */
  readonly place: string;
  /** The longest that one poll may take, milliseconds. */
  readonly patienceMs: number;
}

const SUNSPEC_UNIT = 1;

/** Milliseconds that a poll may take beyond what its line's timeouts explain: a busy machine, a clock that was stopped. */
const GRACE_MS = 60_000;
/** Rounds of a whole line that a poll may have to wait for: other inverters' discovery, commands that go first. */
const ROUNDS = 4;

/** The inverters of a configuration, on their bus. Throws an `Error` for people when a profile cannot be had. */
export function invertersOf(config: BusConfig, bus: Bus, io: InvertersIo): readonly ConfiguredInverter[] {
  const patienceMs = pollPatienceMs(config);
  return config.inverters.map((inverter) => {
    const profile = deviceNamed(inverter.profile, io.library ?? machineLibrary);
    const unit = inverter.unit ?? usualUnit(profile);
    return {
      config: inverter,
      bus,
      place: placeOf(config, unit, inverter.device),
      serial: config.serial !== undefined,
      patienceMs,
      inverter: createInverter({
        unit,
        profile,
        registers: inverter.registers ?? [],
        device: inverter.device,
        maxRead: inverter.max_read,
        settleMs: inverter.settle_time,
      }, { bus, clock: io.clock, ...(io.memoryOf && { memory: io.memoryOf(inverter.name) }) }),
    };
  });
}

/** The profiles of a configuration's devices as they are written, by the ids of all their maps. */
export function writtenProfiles(buses: readonly BusConfig[], library: Library): readonly WrittenProfile[] {
  const names = new Set(buses.flatMap(({ inverters }) => inverters.map(({ profile }) => profile)));
  return [...names].flatMap((name) => {
    const kind = deviceNamed(name, library);
    const document = library.writtenOf(name);
    if (kind === "sunspec" || kind === ecowattKind || document === undefined) return [];
    return kind.maps.map(({ profile }) => ({ profile: profile.id, document }));
  });
}

function deviceNamed(name: string, library: Library): DeviceKind | "sunspec" {
  if (name === "sunspec") return name;
  if (name === ecowattKind.document.name) return ecowattKind;
  const found = library.find(name);
  if (found.ok) return found.value;
  throw new Error(found.detail);
}

function usualUnit(profile: DeviceKind | "sunspec"): number {
  const unit = profile === "sunspec" ? SUNSPEC_UNIT : profile.document.link.unit;
  return [unit].flat()[0] ?? SUNSPEC_UNIT;
}

function placeOf({ serial, tcp, rtu_over_tcp, http }: BusConfig, unit: number, device: number): string {
  const endpoint = tcp ?? rtu_over_tcp;
  const line = serial?.path ?? http?.url ?? `${endpoint?.host}:${endpoint?.port}`;
  return `${line} unit ${unit} device ${device}`;
}

/** The longest that one poll on a line may take, milliseconds: no sane one is near it, and every configured timeout fits. */
export function pollPatienceMs({ timing, inverters, tcp, rtu_over_tcp }: BusConfig): number {
  const endpoint = tcp ?? rtu_over_tcp;
  const connect = endpoint === undefined ? 0 : endpoint.connect_timeout + endpoint.connect_delay;
  return GRACE_MS +
    ROUNDS * inverters.length * (1 + timing.retries) * (Math.max(timing.timeout, timing.max_timeout) + connect);
}
