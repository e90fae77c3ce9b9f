import { getLogger } from "@logtape/logtape";
import { createBus } from "../device/modbus/line_bus.ts";
import { rtuLine } from "../device/modbus/lines.ts";
import { openSerial } from "../device/serial/port.ts";
import { bitsPerCharacter, LineSettings } from "../device/serial/settings.ts";
import { SimulatorOptions } from "../device/simulator/options.ts";
import { startSimulator } from "../device/simulator/simulator.ts";
import { systemClock } from "../platform/clock.ts";
import type { Row } from "./row.ts";

const POLLS = 100;
const UNIT = 17;
/** A request of function 03, and what an answer carries besides its registers. */
const REQUEST_BYTES = 8;
const ANSWER_BYTES = 5;
/** Silence before each frame, characters. */
const GAP = 3.5;

/** RTU polls at 9600 baud 8N1 through a pty paced like the wire, beside the most that the wire can carry. */
export async function benchRtu(): Promise<Row[]> {
  const io = { clock: systemClock, log: getLogger(["bench"]) };
  const settings = LineSettings.parse({ baud: 9600 });
  const options = SimulatorOptions.parse({ port: null, httpPort: null, serial: "pty", line: settings, paced: true });
  await using simulator = await startSimulator(options, io);
  const path = simulator.addresses.serial ?? "";
  const bitsPerChar = bitsPerCharacter(settings);
  const line = rtuLine(path, () => openSerial(path, settings), { baud: settings.baud, bitsPerChar }, io.clock);
  await using bus = createBus(line, {}, io);
  const rows: Row[] = [];
  for (const registers of [2, 10]) {
    const yardstick = wireBound(registers, 1000 * bitsPerChar / settings.baud);
    const value = await pollsPerSecond(() => bus.read(UNIT, "holding", 0, registers));
    const name = `Modbus RTU polls, ${registers} registers, 9600 baud`;
    rows.push({ name, value, unit: "polls/s", yardstick, ratio: value / yardstick });
  }
  return rows;
}

/** Polls a second of a wire that is never idle: request and answer, each after its silence. */
function wireBound(registers: number, charMs: number): number {
  return 1000 / ((REQUEST_BYTES + ANSWER_BYTES + 2 * registers + 2 * GAP) * charMs);
}

async function pollsPerSecond(poll: () => Promise<{ readonly ok: boolean }>): Promise<number> {
  await poll(); // opens the line
  const start = performance.now();
  for (let done = 0; done < POLLS; done++) {
    if (!(await poll()).ok) throw new Error("Cannot measure: a poll of the simulator failed");
  }
  return 1000 * POLLS / (performance.now() - start);
}
