import { runSchedules } from "/work/w-cmdnode/tests/model/command_model.ts";
const t = performance.now();
const n = Number(Deno.args[1]);
const r = await runSchedules(Number(Deno.args[0]), n);
console.log(
  JSON.stringify({ ...r, failures: r.failures.slice(0, 15), nf: r.failures.length }, null, 1),
  ((performance.now() - t) / n).toFixed(2),
  "ms each",
);
