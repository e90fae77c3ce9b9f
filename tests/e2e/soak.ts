import { killAtRandom } from "./killed_site.ts";

/** `deno task soak [kills]`: what CI does in short, for long. */
const kills = Number(Deno.args[0] ?? 200);
const report = await killAtRandom(kills, Math.random);
Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(report)}\n`));
