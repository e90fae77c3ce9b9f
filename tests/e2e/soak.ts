import { runSchedules } from "../model/command_model.ts";
import { killAtRandom } from "./killed_site.ts";

/** `deno task soak [kills] [schedules]`: what the tests do in short, for long, and with another seed each time. */
const kills = Number(Deno.args[0] ?? 200);
const schedules = Number(Deno.args[1] ?? 100_000);
const say = (what: unknown) => void Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(what)}\n`));

say({ killAtRandom: await killAtRandom(kills, Math.random) });
const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
const { failures, states } = await runSchedules(seed, schedules);
say({ commandSchedules: { seed, schedules, states, failures } });
Deno.exit(failures.length === 0 ? 0 : 1);
