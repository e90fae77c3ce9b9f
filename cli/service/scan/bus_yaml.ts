import type { BusConfig } from "../../../device/config/bus_config.ts";
import { type QuirkOptions, QUIRKS } from "../../../device/modbus/quirks.ts";

/** What of a bus is not as it is by itself; YAML, indented to stand under `buses:`. */
export function busYaml(bus: BusConfig): string {
  const inverters = bus.inverters.map((inverter) => {
    const unit = inverter.unit === undefined ? [] : [["unit", inverter.unit] as const];
    const device = inverter.device === 0 ? [] : [["device", inverter.device] as const];
    return `        - ${flow([["name", inverter.name], ["profile", inverter.profile], ...unit, ...device])}`;
  });
  const timing = bus.timing.timeout === 1000 ? [] : [`      timing: { timeout: ${bus.timing.timeout}ms }`];
  return [`    - name: ${bus.name}`, `      ${lineYaml(bus)}`, ...timing, "      inverters:", ...inverters].join("\n");
}

/** A time-out that is enough for answers that take so many milliseconds, as far as one can be set. */
export function enough(ms: number): string {
  return `${Math.min(60, Math.ceil(1.5 * ms / 1000))}s`;
}

type Pair = readonly [string, string | number | boolean];

function toleratedIn(line: QuirkOptions): readonly Pair[] {
  return QUIRKS.flatMap((quirk): readonly Pair[] => line[quirk] === undefined ? [] : [[quirk, line[quirk]]]);
}

function lineYaml({ serial, tcp, rtu_over_tcp, http }: BusConfig): string {
  if (serial) {
    const { path, baud, parity, stop_bits } = serial;
    const more: readonly Pair[] = [
      ...(parity === "none" ? [] : [["parity", parity] as const]),
      ...(stop_bits === 1 ? [] : [["stop_bits", stop_bits] as const]),
      ...toleratedIn(serial),
    ];
    return `serial: ${flow([["path", path], ["baud", baud], ...more])}`;
  }
  if (tcp) return `tcp: ${flow([["host", tcp.host], ["port", tcp.port], ...toleratedIn(tcp)])}`;
  if (rtu_over_tcp) {
    const { host, port, baud } = rtu_over_tcp;
    const more: readonly Pair[] = baud === undefined ? [] : [["baud", baud]];
    return `rtu_over_tcp: ${flow([["host", host], ["port", port], ...more, ...toleratedIn(rtu_over_tcp)])}`;
  }
  return `http: ${flow([["url", http?.url ?? ""], ["api_key", http?.api_key ?? ""]])}`;
}

function flow(pairs: readonly Pair[]): string {
  return `{ ${pairs.map(([key, value]) => `${key}: ${scalar(value)}`).join(", ")} }`;
}

/** Bare where YAML and `${NAME}` cannot misread it. */
function scalar(value: Pair[1]): string {
  if (typeof value !== "string") return String(value);
  if (/^[A-Za-z_/][A-Za-z0-9_./-]*$/.test(value) && !/^(true|false|null|yes|no|on|off)$/i.test(value)) return value;
  return JSON.stringify(value.replaceAll("$", "$$$$"));
}
