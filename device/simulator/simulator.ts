import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { listenError } from "../../platform/listen_error.ts";
import { fineSleep } from "../serial/fine_sleep.ts";
import { openSerial } from "../serial/port.ts";
import { openPty } from "../serial/pty.ts";
import { bitsPerCharacter } from "../serial/settings.ts";
import { ecowattUnit } from "./ecowatt_unit.ts";
import { createFaultPlan, type FaultRule, type SimulatorFault } from "./fault.ts";
import { httpApi } from "./http_api.ts";
import { createInverter, type InverterValues, type SimulatedInverter } from "./inverter.ts";
import type { SimulatorOptions } from "./options.ts";
import { type FineTimer, pacedStream } from "./paced_stream.ts";
import { type Line, serveRtu } from "./rtu_server.ts";
import type { Site } from "./site.ts";
import { sunspecUnit } from "./sunspec_unit.ts";
import { serveTcp } from "./tcp_server.ts";
import type { SimulatedUnit } from "./unit.ts";

/** Where a simulator can be reached. */
interface SimulatorAddresses {
  readonly tcp?: { readonly host: string; readonly port: number };
  /** Base address of the HTTP API: `http://127.0.0.1:8090`. */
  readonly http?: string;
  /** Path of the serial port or pty to open; it changes when a `disconnect` unplugs a pty. */
  readonly serial?: string;
}

/** A simulated inverter that runs. Disposing it takes less than a second. */
export interface Simulator extends AsyncDisposable {
  readonly addresses: SimulatorAddresses;
  /** Lets answers go wrong: the next one, unless `when` says otherwise. */
  inject(fault: SimulatorFault, when?: Omit<FaultRule, "fault">): void;
  /** What the inverter measures now, unrounded. */
  values(): InverterValues;
}

/** What a simulator needs from outside. */
interface SimulatorIo {
  readonly clock: Clock;
  readonly log: Logger;
  /** Units in the place of the simulated inverter. */
  readonly units?: ReadonlyMap<number, SimulatedUnit>;
  /** Opens the serial line; default: the port or pty that the options name. */
  readonly openLine?: () => Line;
}

/** Starts a simulator on all interfaces it is configured for. Throws, naming what is in use or missing; starts all or none. */
export async function startSimulator(options: SimulatorOptions, io: SimulatorIo): Promise<Simulator> {
  await using starting = new AsyncDisposableStack();
  const started = io.clock.monotonic();
  const inverter = createInverter(
    { ...options.plant, seed: options.seed },
    simulatedTime(options, io.clock),
    options.speed,
  );
  const plan = createFaultPlan(options.seed, options.faults, () => io.clock.monotonic() - started);
  const site: Site = { units: io.units ?? unitsOf(options, inverter), plan };
  const { host, port } = options;
  const tcp = port === null ? undefined : starting.use(serveTcp(site, { ...options, port }, io));
  const http = options.httpPort === null ? undefined : starting.use(serveHttp(site, options, options.httpPort, io));
  const rtu = options.serial === undefined
    ? undefined
    : starting.use(serveRtu(site, io.openLine ?? lineOf(options, options.serial), io));
  const running = starting.move();
  const simulator: Simulator = {
    get addresses() {
      return {
        ...(tcp ? { tcp: { host, port: tcp.port } } : {}),
        ...(http ? { http: `http://${urlHost(host)}:${http.port}` } : {}),
        ...(rtu ? { serial: rtu.path } : {}),
      };
    },
    inject: (fault, when = { times: 1 }) => plan.inject({ ...when, fault }),
    values: () => inverter.values(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
  io.log.info("simulator started {addresses}", { addresses: simulator.addresses, profile: options.profile });
  return simulator;
}

/** Unix ms, as fast as asked for. */
function simulatedTime(options: SimulatorOptions, clock: Clock): () => number {
  if (options.start === undefined && options.speed === 1) return () => clock.now();
  const origin = options.start === undefined ? clock.now() : Date.parse(options.start);
  const from = clock.monotonic();
  return () => origin + (clock.monotonic() - from) * options.speed;
}

function unitsOf(options: SimulatorOptions, inverter: SimulatedInverter): ReadonlyMap<number, SimulatedUnit> {
  const units = new Map<number, SimulatedUnit>();
  if (options.profile !== "sunspec") units.set(options.unit, ecowattUnit(inverter));
  if (options.profile !== "ecowatt") {
    units.set(options.sunspecUnit, sunspecUnit(inverter, options.sunspec, options.sunspecUnit));
  }
  return units;
}

function lineOf(options: SimulatorOptions, serial: string): () => Line {
  const charMs = 1000 * bitsPerCharacter(options.line) / options.line.baud;
  return () => {
    const line = serial === "pty" ? openPty() : { path: serial, stream: openSerial(serial, options.line) };
    return options.paced ? { path: line.path, stream: pacedStream(line.stream, charMs, fineTimer()) } : line;
  };
}

/** The machine's own time: a wire is not simulated faster or slower. */
function fineTimer(): FineTimer {
  const now = () => performance.now();
  return {
    now,
    async until(moment) {
      for (let left = moment - now(); left > 0; left = moment - now()) await fineSleep(left);
    },
  };
}

function serveHttp(site: Site, options: SimulatorOptions, port: number, io: SimulatorIo) {
  const stop = new AbortController();
  const app = httpApi(site, options, { clock: io.clock, stop: stop.signal });
  const hostname = options.host;
  try {
    const server = Deno.serve({ hostname, port, signal: stop.signal, onListen: () => {} }, app.fetch);
    return {
      port: server.addr.port,
      async [Symbol.asyncDispose]() {
        stop.abort();
        await server.finished;
      },
    };
  } catch (error) {
    throw listenError(error, `Cannot serve the inverter API on ${hostname}:${port}`);
  }
}

function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
