import type { Clock } from "../../platform/clock.ts";
import { ecowatt } from "../../protocol/profile/ecowatt.ts";
import type { BusConfig, InverterConfig } from "../config/bus_config.ts";
import { createInverter, type Inverter } from "../inverter/inverter.ts";
import type { MapMemory } from "../inverter/map_memory.ts";
import type { Bus } from "../modbus/bus.ts";

/** Dependencies of the inverters on a bus. */
interface InvertersIo {
  readonly clock: Clock;
  /** What was learned of an inverter's map before the start. */
  readonly memoryOf?: (inverter: string) => MapMemory;
}

/** One inverter, with how it was configured. */
export interface ConfiguredInverter {
  readonly config: InverterConfig;
  readonly inverter: Inverter;
  readonly bus: Pick<Bus, "name" | "timing">;
  /** Whether it hangs on a serial port of this machine. */
  readonly serial: boolean;
  /** The longest that one poll may take, milliseconds. */
  readonly patienceMs: number;
}

const UNIT = { ecowatt: 17, sunspec: 1 } as const;

/** Milliseconds that a poll may take beyond what its line's timeouts explain: a busy machine, a clock that was stopped. */
const GRACE_MS = 60_000;
/** Rounds of a whole line that a poll may have to wait for: other inverters' discovery, commands that go first. */
const ROUNDS = 4;

/** The inverters of a configuration, on their bus. */
export function invertersOf(config: BusConfig, bus: Bus, io: InvertersIo): readonly ConfiguredInverter[] {
  const patienceMs = pollPatienceMs(config);
  return config.inverters.map((inverter) => ({
    config: inverter,
    bus,
    serial: config.serial !== undefined,
    patienceMs,
    inverter: createInverter({
      unit: inverter.unit ?? UNIT[inverter.profile],
      profile: inverter.profile === "ecowatt" ? ecowatt : "sunspec",
      registers: inverter.registers ?? [],
      device: inverter.device,
      maxRead: inverter.max_read,
      settleMs: inverter.settle_time,
    }, { bus, clock: io.clock, ...(io.memoryOf && { memory: io.memoryOf(inverter.name) }) }),
  }));
}

/** The longest that one poll on a line may take, milliseconds: no sane one is near it, and every configured timeout fits. */
export function pollPatienceMs({ timing, inverters, tcp, rtu_over_tcp }: BusConfig): number {
  const endpoint = tcp ?? rtu_over_tcp;
  const connect = endpoint === undefined ? 0 : endpoint.connect_timeout + endpoint.connect_delay;
  return GRACE_MS +
    ROUNDS * inverters.length * (1 + timing.retries) * (Math.max(timing.timeout, timing.max_timeout) + connect);
}
