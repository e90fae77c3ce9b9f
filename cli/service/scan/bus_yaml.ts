import type { BusConfig } from "../../../device/config/bus_config.ts";

/** What of a bus is not as it is by itself; YAML, indented to stand under `buses:`. */
export function busYaml(bus: BusConfig): string {
  const inverters = bus.inverters.map((inverter) => {
    const unit = inverter.unit === undefined ? [] : [["unit", inverter.unit] as const];
    return `        - ${flow([["name", inverter.name], ["profile", inverter.profile], ...unit])}`;
  });
  const timing = bus.timing.timeout === 1000 ? [] : [`      timing: { timeout: ${bus.timing.timeout}ms }`];
  return [`    - name: ${bus.name}`, `      ${lineYaml(bus)}`, ...timing, "      inverters:", ...inverters].join("\n");
}

type Pair = readonly [string, string | number];

function lineYaml({ serial, tcp, rtu_over_tcp, http }: BusConfig): string {
  if (serial) {
    const { path, baud, parity, stop_bits } = serial;
    const more: readonly Pair[] = [
      ...(parity === "none" ? [] : [["parity", parity] as const]),
      ...(stop_bits === 1 ? [] : [["stop_bits", stop_bits] as const]),
    ];
    return `serial: ${flow([["path", path], ["baud", baud], ...more])}`;
  }
  if (tcp) return `tcp: ${flow([["host", tcp.host], ["port", tcp.port]])}`;
  if (rtu_over_tcp) {
    const { host, port, baud } = rtu_over_tcp;
    return `rtu_over_tcp: ${
      flow([["host", host], ["port", port], ...(baud === undefined ? [] : [["baud", baud] as const])])
    }`;
  }
  return `http: ${flow([["url", http?.url ?? ""], ["api_key", http?.api_key ?? ""]])}`;
}

function flow(pairs: readonly Pair[]): string {
  return `{ ${pairs.map(([key, value]) => `${key}: ${scalar(value)}`).join(", ")} }`;
}

/** Bare where YAML and `${NAME}` cannot misread it. */
function scalar(value: string | number): string {
  if (typeof value === "number") return String(value);
  if (/^[A-Za-z_/][A-Za-z0-9_./-]*$/.test(value) && !/^(true|false|null|yes|no|on|off)$/i.test(value)) return value;
  return JSON.stringify(value.replaceAll("$", "$$$$"));
}
