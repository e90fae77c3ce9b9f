import { join, resolve } from "node:path";
import type { Command } from "commander";
import { SimulatorOptions } from "../../device/simulator/options.ts";
import { type Simulator, startSimulator } from "../../device/simulator/simulator.ts";
import { GatewayConfig } from "../../gateway/config.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import { utf8 } from "../../crypto/bytes.ts";
import { systemClock } from "../../platform/clock.ts";
import { writeFileAtomic } from "../../platform/files.ts";
import { RecentLog } from "../../platform/recent_log.ts";
import { createApiClient } from "../client/api_client.ts";
import { checked, number } from "../terminal/arguments.ts";
import { loadNodeConfig } from "../service/config/config_file.ts";
import { DEMO_DEVICE, type DemoFiles, demoFiles, demoYaml, registerDevice, viewerToken } from "../service/demo/site.ts";
import { watchSamples } from "../service/demo/watch.ts";
import { type LogFlags, logFlags, startLogging } from "../service/run/logging.ts";
import type { Terminal } from "../terminal/output.ts";
import { openGateway, openNode } from "../service/run/roles.ts";
import { StoppedTogether } from "../service/run/stopping.ts";
import { untilStopped } from "../terminal/signals.ts";

interface Flags extends LogFlags {
  readonly dataDir: string;
  readonly port: number;
  readonly modbusPort: number;
  readonly httpPort: number;
  readonly serial?: string;
}

/** Gateway, node and simulated inverter in one process, on 127.0.0.1. */
export function addDemo(program: Command, terminal: Terminal): void {
  const command = program.command("demo")
    .description("run a gateway, a node and a simulated inverter on 127.0.0.1, to look at")
    .option("--data-dir <folder>", "folder of the state", ".ecowatt-demo")
    .option("--port <port>", "port of the gateway", number, 8080)
    .option("--modbus-port <port>", "port of the simulated inverter's Modbus TCP", number, 5020)
    .option("--http-port <port>", "port of the simulated inverter's HTTP API", number, 8090)
    .option("--serial <path>", "let the node read the inverter over Modbus RTU: a serial port's path, or `pty`");
  logFlags(command, "warning").action((flags: Flags) => demo(flags, terminal));
}

async function demo(flags: Flags, terminal: Terminal): Promise<void> {
  const folder = resolve(flags.dataDir);
  const files = demoFiles(folder);
  const recentLog = new RecentLog();
  const log = await startLogging(flags, terminal, { recent: recentLog });
  using stop = untilStopped();
  await using running = new StoppedTogether();
  const simulator = running.use(
    await startSimulator(simulatorOptions(flags), { clock: systemClock, log: log.getChild("simulator") }),
  );
  if (stop.signal.aborted) return;
  const config = checked(GatewayConfig, { port: flags.port });
  const gateway = running.use(await openGateway(config, folder, log, { allowPublishedKeys: true, recentLog }));
  if (stop.signal.aborted) return;
  await writeConfig(folder, files, gateway, simulator);
  const token = await viewerToken(gateway, files);
  if (stop.signal.aborted) return;
  running.use(await openNode((await loadNodeConfig(files.config)).node, folder, log));
  terminal.out(welcome(gateway, simulator, { folder: flags.dataDir, link: await gateway.loginLink("admin") }));
  await watchSamples(createApiClient(gateway.url, token, fetch), terminal, systemClock, stop.signal);
  terminal.out("Stopping; everything is kept for the next start.");
}

/** It is always noon at the start of a demo, so that there is power to see. */
function simulatorOptions({ modbusPort, httpPort, serial }: Flags): SimulatorOptions {
  return checked(SimulatorOptions, {
    port: modbusPort,
    httpPort,
    start: "2026-03-10T06:40:00Z",
    profile: "both",
    ...(serial === undefined ? {} : { serial }),
  });
}

async function writeConfig(
  folder: string,
  files: DemoFiles,
  gateway: Gateway,
  { addresses }: Simulator,
): Promise<void> {
  const text = demoYaml({
    folder,
    gateway: gateway.url,
    port: gateway.port,
    keyNumber: await registerDevice(gateway, files),
    line: addresses.serial === undefined
      ? `tcp: { host: ${addresses.tcp?.host}, port: ${addresses.tcp?.port} }`
      : `serial: { path: ${JSON.stringify(addresses.serial)} }`,
  });
  await writeFileAtomic(files.config, utf8(text));
}

function welcome(
  gateway: Gateway,
  { addresses }: Simulator,
  { folder, link }: { readonly folder: string; readonly link: string },
): string {
  const token = join(folder, "viewer.token");
  return `EcoWatt demo, with its state in ${folder}. Ctrl-C stops it.

  dashboard           ${link}
  gateway             ${gateway.url}
  simulated inverter  tcp://${addresses.tcp?.host}:${addresses.tcp?.port} (unit 17: ecowatt, unit 1: sunspec), ${addresses.http}

The dashboard's link logs in once, within 10 minutes. Another one: ecowatt dashboard --data-dir ${folder}
Read the inverter:    ecowatt read --config ${join(folder, "ecowatt.yaml")}
Ask the gateway:      curl -H "Authorization: Bearer $(cat ${token})" \\
                        ${gateway.url}/api/v1/devices/${DEMO_DEVICE}/latest`;
}
