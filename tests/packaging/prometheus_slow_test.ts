import assert from "node:assert/strict";
import { parse } from "yaml";
import { z } from "zod";
import { openBox, until } from "../device/metrics/box.ts";
import { familiesOf } from "../fakes/prometheus.ts";
import { PROMTOOL, promtool } from "../fakes/promtool.ts";
import { testWith } from "../needs.ts";

const packaging = new URL("../../packaging/", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, packaging));

const Rules = z.object({
  groups: z.array(z.object({
    rules: z.array(z.object({
      alert: z.string().startsWith("EcoWatt"),
      expr: z.string(),
      for: z.string().optional(),
      labels: z.object({ severity: z.enum(["warning", "critical"]) }),
      annotations: z.object({ summary: z.string(), description: z.string() }),
    })),
  })),
});
const Dashboard = z.object({
  uid: z.literal("ecowatt"),
  schemaVersion: z.number(),
  templating: z.object({ list: z.array(z.looseObject({ name: z.string() })) }),
  panels: z.array(z.object({
    id: z.number(),
    title: z.string().min(1),
    gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
    targets: z.array(z.object({ expr: z.string() })).min(1),
  })).min(10),
});

const dashboard = async () => Dashboard.parse(JSON.parse(await read("grafana/ecowatt.json")));
const rules = async () =>
  Rules.parse(parse(await read("prometheus/ecowatt.rules.yml"))).groups.flatMap(({ rules }) => rules);

const RuleTests = z.object({
  tests: z.array(z.object({
    input_series: z.array(z.object({ series: z.string() })),
    alert_rule_test: z.array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) })),
  })),
});
const ruleTests = async () => RuleTests.parse(parse(await read("prometheus/ecowatt.rules.test.yml"))).tests;

/** `name{a,b}` of a series, its labels in order of their names; without the one that Prometheus adds. */
function shapeOf(series: string): string {
  const labels = [...series.matchAll(/([a-z_]+)="/g)].map(([, label]) => label).filter((label) => label !== "instance")
    .toSorted();
  return `${series.match(/^[a-z_0-9]+/)?.[0]}{${labels.join(",")}}`;
}

/** The page of a box with both roles and a broker. */
async function pageOfBox(): Promise<string> {
  await using box = await openBox();
  const page = async () => await (await box.ask("/metrics")).text();
  const late = ["ac_power", "energy_watt", "inverter_state", "gateway_up", "device_validations"];
  return await until(page, (text) => late.every((name) => text.includes(`ecowatt_${name}`)));
}

Deno.test("the dashboard and the alert rules use metrics that exist", async () => {
  const page = await pageOfBox();
  const names = [...familiesOf(page)].map(([name, type]) => type === "histogram" ? `${name}_bucket` : name);
  const known = new Set([...names, "ecowatt_store_oldest_age_seconds"]); // absent while nothing waits
  const { templating, panels } = await dashboard();
  const texts = [
    JSON.stringify(templating),
    ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...(await rules()).map(({ expr }) => expr),
  ];
  const used = new Set(texts.flatMap((text) => [...text.matchAll(/\becowatt_[a-z0-9_]+/g)].map(([name]) => name)));
  assert.ok(used.size > 25);
  assert.deepEqual([...used].filter((name) => !known.has(name)), []);
  const shapes = new Set([...page.split("\n").map(shapeOf), "ecowatt_store_oldest_age_seconds{device}"]);
  const tried = (await ruleTests()).flatMap(({ input_series }) => input_series.map(({ series }) => series));
  const strange = tried.filter((series) => !series.startsWith("up{") && !shapes.has(shapeOf(series)));
  assert.deepEqual(strange, [], "series of the rules' tests with labels that no page has");
});

Deno.test("every alert rule is tried both ways: it fires, and it does not", async () => {
  const outcomes = (await ruleTests()).flatMap(({ alert_rule_test }) => alert_rule_test)
    .map(({ alertname, exp_alerts }) => `${alertname} ${exp_alerts.length > 0 ? "fires" : "does not fire"}`);
  const wanted = (await rules()).flatMap(({ alert }) => [`${alert} fires`, `${alert} does not fire`]);
  assert.deepEqual([...new Set(outcomes)].toSorted(), wanted.toSorted());
});

Deno.test("no two panels of the dashboard overlap or share an id", async () => {
  const { panels } = await dashboard();
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  for (const [i, { title, gridPos: a }] of panels.entries()) {
    for (const { title: other, gridPos: b } of panels.slice(i + 1)) {
      const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
      assert.ok(apart && a.x + a.w <= 24, `${title} and ${other}`);
    }
  }
});

testWith([PROMTOOL], "Prometheus takes the alert rules, and they fire when they have to", async () => {
  const path = (name: string) => new URL(`prometheus/${name}`, packaging).pathname;
  assert.equal((await promtool(["check", "rules", path("ecowatt.rules.yml")])).code, 0);
  const { code, said } = await promtool(["test", "rules", path("ecowatt.rules.test.yml")]);
  assert.equal(code, 0, said);
  const names = (await rules()).map(({ alert }) => alert);
  assert.equal(new Set(names).size, names.length);
});

testWith([PROMTOOL], "Prometheus takes the example of its configuration", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const token = `${folder}/token`;
    Deno.writeTextFileSync(token, "test\n");
    const config = (await read("prometheus/prometheus.yml")).replace("/etc/prometheus/ecowatt.token", token);
    Deno.writeTextFileSync(`${folder}/prometheus.yml`, config);
    Deno.copyFileSync(new URL("prometheus/ecowatt.rules.yml", packaging), `${folder}/ecowatt.rules.yml`);
    const { code, said } = await promtool(["check", "config", `${folder}/prometheus.yml`]);
    assert.equal(code, 0, said);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
