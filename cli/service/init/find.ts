import { hostsOf } from "../../../device/scan/network.ts";
import { scanSerial, serialLines, USUAL_ANSWER_MS } from "../../../device/scan/serial_scan.ts";
import type { ScanIo } from "../../../device/scan/lines.ts";
import { scanTcp } from "../../../device/scan/tcp_scan.ts";
import { FURTHER_TCP_UNITS, FURTHER_UNITS, USUAL_TCP_UNITS, USUAL_UNITS } from "../../../device/scan/usual_units.ts";
import { listSerialPorts } from "../../../device/serial/ports.ts";
import { type Discovered, discoveredOn } from "../scan/report.ts";

/** Inverters on the serial ports that are connected (`where` empty), on one of them, or on a network. */
export async function findInverters(where: string, io: ScanIo): Promise<readonly Discovered[]> {
  if (where !== "" && !where.startsWith("/")) return await onNetwork(where, io);
  const paths = where === "" ? listSerialPorts().map(({ path }) => path) : [where];
  const all: Discovered[] = [];
  for (const path of paths) {
    const units = { units: USUAL_UNITS, further: FURTHER_UNITS };
    const options = { path, lines: serialLines([]), ...units, answerMs: USUAL_ANSWER_MS };
    const result = await scanSerial(options, io).catch(() => undefined);
    if (result) all.push(...discoveredOn({ serial: { path, ...result.line } }, result));
  }
  return all.filter(({ found }) => found.kind !== "unknown");
}

async function onNetwork(where: string, io: ScanIo): Promise<readonly Discovered[]> {
  const [, network = where, port] = where.match(/^(.*):(\d+)$/) ?? [];
  const hosts = hostsOf(network);
  if (!hosts.ok) throw new Error(hosts.detail);
  const ports = port === undefined ? [502, 1502] : [Number(port)];
  const endpoints = await scanTcp(
    { hosts: hosts.value, ports, units: USUAL_TCP_UNITS, further: FURTHER_TCP_UNITS, connectMs: 1000, answerMs: 700 },
    io,
  );
  return endpoints.flatMap(({ host, port, ...talked }) => discoveredOn({ tcp: { host, port } }, talked))
    .filter(({ found }) => found.kind !== "unknown");
}
