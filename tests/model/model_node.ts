import type { Logger } from "@logtape/logtape";
import { CommandRunner } from "../../device/command/command_runner.ts";
import type { CommandJournal } from "../../device/command/journal.ts";
import type { Exchange } from "../../device/uplink/exchange.ts";
import type { DeviceId } from "../../protocol/device_id.ts";
import type { FaultyInverter } from "./faulty_inverter.ts";
import type { ModelGateway } from "./model_gateway.ts";
import { clockOf, Process, type Simulation } from "./simulation.ts";

/** How long a request waits for its answer. */
const TIMEOUT_MS = 30_000;

export interface ModelNodeIo {
  readonly sim: Simulation;
  readonly journal: CommandJournal;
  readonly device: DeviceId;
  readonly gateway: ModelGateway;
  readonly inverter: FaultyInverter;
  readonly log: Logger;
  /** Sees what the gateway said, when it arrives. */
  readonly heard: (exchange: Exchange) => void;
}

/** The node's own code for commands over its own database, in a process that dies and starts again. */
export class ModelNode {
  /** How far its wall clock is off. */
  readonly offset = { ms: 0 };
  crashes = 0;
  readonly #io: ModelNodeIo;
  #process: Process | undefined;

  constructor(io: ModelNodeIo) {
    this.#io = io;
    this.start();
  }

  start(): void {
    if (this.#process) return;
    const { sim, journal, inverter, device, log } = this.#io;
    const process = this.#process = new Process();
    const crash = () => this.#process === process && this.crash();
    const commandRunner = new CommandRunner({
      device,
      inverters: new Map([["roof", inverter.target(process, crash)]]),
      journal,
      gateway: { post: (path, message, signal) => this.#post(process, path, message, signal) },
      clock: clockOf(sim, process, this.offset),
      random: sim.chance,
      log,
    });
    commandRunner.run(process.stop.signal);
  }

  /** Kill -9. */
  crash(): void {
    const process = this.#process;
    if (!process) return;
    process.alive = false;
    this.crashes++;
    this.#away();
  }

  /** An orderly stop, for comparison. */
  stop(): void {
    const process = this.#process;
    if (!process) return;
    process.stop.abort();
    this.#away();
  }

  /** Ends it for good. */
  end(): void {
    if (this.#process) this.#process.alive = false;
  }

  #away(): void {
    this.#process = undefined;
    const { sim } = this.#io;
    sim.after(sim.chance.between(10, 20_000), () => this.start());
  }

  /** A network that loses, delays, repeats and thereby reorders requests and answers. */
  #post(process: Process, path: string, message: unknown, signal: AbortSignal): Promise<Exchange> {
    const { sim, gateway, heard } = this.#io;
    if (sim.fault(0.02) && this.#process === process) this.crash();
    return new Promise((resolve) => {
      if (!process.alive) return;
      let open = true;
      const settle = (exchange: Exchange) => {
        if (!open || !process.alive) return;
        open = false;
        callOff();
        heard(exchange);
        resolve(exchange);
      };
      const callOff = sim.after(TIMEOUT_MS, () => settle({ kind: "unreachable", message: "no answer in time" }));
      signal.addEventListener("abort", () => settle({ kind: "unreachable", message: "aborted" }), { once: true });
      const copies = sim.fault(0.08) ? 0 : sim.fault(0.08) ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) {
        const answer = (exchange: Exchange) => {
          if (copy > 0 || sim.fault(0.08)) return;
          sim.after(this.#latency(), () => settle(exchange));
        };
        sim.after(this.#latency(), () => void gateway.receive(path, message, answer));
      }
    });
  }

  #latency(): number {
    const { sim } = this.#io;
    return sim.fault(0.06) ? sim.chance.between(1_000, 35_000) : sim.chance.between(1, 60);
  }
}
