import assert from "node:assert/strict";
import { join } from "node:path";
import { countingInverter } from "./counting_inverter.ts";
import { run, start, until } from "./process.ts";
import { openBox, PRODUCT, script, updateSite } from "./update_site.ts";

const BAR = /^2\.0\.1 \[(#*)(-*)\] (\d+) %$/;

Deno.test("`update now` shows how the download goes on, `update status` where it is, until the node restarts", async () => {
  await using site = await updateSite();
  await using inverter = countingInverter();
  await site.release("2.0.1", script("2.0.1", `exec ${PRODUCT} "$@"`, 1600)); // 100 KB in 98 chunks
  await using box = await openBox(site, "roof", { inverter: inverter.port, update: ["rate_limit: 4KiB"] });
  const local = ["--data-dir", box.dataDir];
  await until("a node that answers", async () => {
    const { running } = JSON.parse((await run(["update", "status", "--json", ...local])).out);
    return running ?? undefined;
  });
  await site.offer("roof", "2.0.1");
  await using now = start(["update", "now", ...local]);
  const shown = () => Math.max(0, ...now.err().split("\n").map((line) => Number(BAR.exec(line)?.[3] ?? 0)));
  for (const least of [15, 40, 65]) {
    await until(`${least} chunks`, async () => {
      const { phase } = JSON.parse(await Deno.readTextFile(join(box.slots, "status.json")));
      return phase.chunks >= least || undefined;
    });
    Deno.kill(site.pid(), "SIGSTOP"); // the download stands where it is until it was shown
    await until(`a bar of ${least} %`, () => Promise.resolve(shown() >= least || undefined)); // of 98 chunks
    const status = await run(["update", "status", ...local]);
    assert.match(status.out, /^Running {2}[\d.]+\S*, 2\.0\.1 \[#+-+\] \d+ %\n/);
    Deno.kill(site.pid(), "SIGCONT");
  }
  assert.equal(await now.exit, 0, now.err());
  // It looks twice a second: on a busy machine the restart may be over when it does.
  assert.match(now.out(), /^(restarting into 2\.0\.1\n|restarted; )/);

  const lines = now.err().trim().split("\n");
  const bars = lines.flatMap((line) => {
    const [, full, rest, percent] = BAR.exec(line) ?? [];
    return full === undefined || rest === undefined ? [] : [{ full, rest, percent: Number(percent) }];
  });
  assert.ok(bars.length >= 3, now.err());
  for (const { full, rest, percent } of bars) {
    assert.equal(full.length + rest.length, 30);
    assert.ok(Math.abs(full.length - 0.3 * percent) <= 1, `${full} for ${percent} %`);
  }
  const percents = bars.map(({ percent }) => percent);
  assert.deepEqual(percents, [...new Set(percents)].toSorted((one, other) => one - other), "it only grows");
  const others = lines.filter((line) => !BAR.test(line));
  for (const line of others) assert.match(line, /^(asking the gateway|checking 2\.0\.1|2\.0\.1 is on trial; .*)$/);
});
