import { getLogger } from "@logtape/logtape";
import type { z } from "zod";
import { SimulatorOptions } from "../../../device/simulator/options.ts";
import { type Simulator, startSimulator } from "../../../device/simulator/simulator.ts";
import { systemClock } from "../../../platform/clock.ts";
import "../../fakes/loaded_libraries.ts";

/** A simulator on nothing but what the test asks for, at a fixed noon. */
export function start(options: Partial<z.input<typeof SimulatorOptions>>): Promise<Simulator> {
  const parsed = SimulatorOptions.parse({ port: null, httpPort: null, start: "2026-03-10T06:40:00Z", ...options });
  return startSimulator(parsed, { clock: systemClock, log: getLogger(["test"]) });
}
