import { parseArgs } from "node:util";
import { runSchedules } from "../model/command_model.ts";
import { killAtRandom } from "./killed_site.ts";

/**
 * `deno task soak [--kills N] [--schedules N] [--seed N]`: what the tests do in short, for long, and with another seed each time.
 * With ECOWATT_BIN the processes that are killed are the executable's.
 */
const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    schedules: { type: "string", default: "100000" },
    seed: { type: "string", default: String(crypto.getRandomValues(new Uint32Array(1))[0]) },
  },
});
const [kills, schedules, seed] = [Number(values.kills), Number(values.schedules), Number(values.seed)];
const say = (what: unknown) => void Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(what)}\n`));

say({ seed });
if (kills > 0) say({ killAtRandom: await killAtRandom(kills, seed) });
const { failures, states } = await runSchedules(seed, schedules);
say({ commandSchedules: { schedules, states, failures } });
Deno.exit(failures.length === 0 ? 0 : 1);
