import { BusConfig } from "../../device/config/bus_config.ts";
import { usage } from "./exit.ts";

/** The forms an inverter's address takes on the command line. */
export const INVERTER_URLS = "tcp://HOST:PORT, rtu+tcp://HOST:PORT, rtu:///dev/PORT or http://HOST:PORT, " +
  "with ?unit=, &profile=, &device=, &baud=, &parity=, &stop_bits= and &timeout= as needed";

/** A bus with one inverter from an address such as `tcp://192.168.1.20:502?unit=1&profile=sunspec`. */
export function inverterUrl(text: string, apiKey: string | undefined): BusConfig {
  const url = parsed(text);
  const query = Object.fromEntries(url.searchParams);
  const { unit, profile, device, timeout, ...line } = query;
  const checked = BusConfig.safeParse({
    ...lineOf(url, line, apiKey),
    ...(timeout === undefined ? {} : { timing: { timeout } }),
    inverters: [{
      ...(unit === undefined ? {} : { unit: Number(unit) }),
      ...(profile === undefined ? {} : { profile }),
      ...(device === undefined ? {} : { device: Number(device) }),
    }],
  });
  if (checked.success) return checked.data;
  throw usage(
    checked.error.issues.map(({ path, message }) => `${String(path.at(-1) ?? "address")}: ${message}`).join("; "),
  );
}

function parsed(text: string): URL {
  const url = URL.parse(text);
  if (url !== null) return url;
  throw usage(`"${text}" is no address of an inverter: ${INVERTER_URLS}`);
}

/** `true` and `false` are meant; all else is a text. */
function switched(text: string): string | boolean {
  return text === "true" || text === "false" ? text === "true" : text;
}

function lineOf(url: URL, line: Record<string, string>, apiKey: string | undefined): Record<string, unknown> {
  const { baud, stop_bits, ...rest } = line;
  const speed = {
    ...Object.fromEntries(Object.entries(rest).map(([key, text]) => [key, switched(text)])),
    ...(baud === undefined ? {} : { baud: Number(baud) }),
    ...(stop_bits === undefined ? {} : { stop_bits: Number(stop_bits) }),
  };
  const endpoint = {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    ...(url.port === "" ? {} : { port: Number(url.port) }),
  };
  switch (url.protocol) {
    case "tcp:":
      return { tcp: { ...endpoint, ...speed } };
    case "rtu+tcp:":
      return { rtu_over_tcp: { ...endpoint, ...speed } };
    case "rtu:":
      return { serial: { path: decodeURIComponent(url.pathname), ...speed } };
    case "http:":
    case "https:":
      return { http: { url: url.origin + url.pathname.replace(/\/$/, ""), api_key: apiKey ?? "none", ...speed } };
    default:
      throw usage(`"${url.protocol}//" is no way to an inverter: ${INVERTER_URLS}`);
  }
}
