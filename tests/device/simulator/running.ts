import { getLogger } from "@logtape/logtape";
import type { z } from "zod";
import { SimulatorOptions } from "../../../device/simulator/options.ts";
import { type Simulator, startSimulator } from "../../../device/simulator/simulator.ts";
import { type Clock, systemClock } from "../../../platform/clock.ts";
import "../../fakes/loaded_libraries.ts";

/** A simulator on nothing but what the test asks for, at a fixed noon; by default on the machine's own clock. */
export function start(
  options: Partial<z.input<typeof SimulatorOptions>>,
  clock: Clock = systemClock,
  more: Pick<Parameters<typeof startSimulator>[1], "openLine"> = {},
): Promise<Simulator> {
  const parsed = SimulatorOptions.parse({ port: null, httpPort: null, start: "2026-03-10T06:40:00Z", ...options });
  return startSimulator(parsed, { ...more, clock, log: getLogger(["test"]) });
}
