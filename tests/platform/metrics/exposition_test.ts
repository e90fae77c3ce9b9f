import assert from "node:assert/strict";
import { expose, type Family } from "../../../platform/metrics/exposition.ts";
import { Counter, Histogram } from "../../../platform/metrics/meters.ts";

const gauge = (name: string, ...values: readonly (number | undefined)[]): Family => ({
  name,
  help: "A test.",
  type: "gauge",
  points: values.map((value, i) => ({ labels: { i }, value })),
});

Deno.test("what is unknown is absent, and a family of which nothing is known as well", () => {
  assert.equal(
    expose([gauge("a_volts", 0, undefined, 2.5), gauge("b_volts", undefined), gauge("c_volts")]),
    '# HELP a_volts A test.\n# TYPE a_volts gauge\na_volts{i="0"} 0\na_volts{i="2"} 2.5\n',
  );
});

Deno.test("a family that comes from two places is one", () => {
  const text = expose([gauge("a_volts", 1), gauge("b_volts", 2), gauge("a_volts", 3)]);
  assert.equal(text.match(/# TYPE a_volts/g)?.length, 1);
  assert.match(text, /a_volts\{i="0"\} 1\na_volts\{i="0"\} 3\n# HELP b/);
});

Deno.test("labels and help are escaped, so that nobody can write lines of their own", () => {
  const labels = { device: 'a"b\\c\nd', none: undefined };
  assert.equal(
    expose([{ name: "x", help: "1\n2\\3", type: "counter", points: [{ labels, value: NaN }, { value: Infinity }] }]),
    '# HELP x 1\\n2\\\\3\n# TYPE x counter\nx{device="a\\"b\\\\c\\nd"} NaN\nx +Inf\n',
  );
});

Deno.test("a histogram counts into every bucket that is wide enough", () => {
  const histogram = new Histogram([0.1, 1]);
  for (const seconds of [0.05, 0.1, 0.5, 7]) histogram.observe(seconds);
  const text = expose([{
    name: "t_seconds",
    help: "T",
    type: "histogram",
    distributions: [histogram.distribution({ bus: "roof" })],
  }]);
  assert.deepEqual(text.split("\n").slice(2, -1), [
    't_seconds_bucket{bus="roof",le="0.1"} 2',
    't_seconds_bucket{bus="roof",le="1"} 3',
    't_seconds_bucket{bus="roof",le="+Inf"} 4',
    't_seconds_sum{bus="roof"} 7.65',
    't_seconds_count{bus="roof"} 4',
  ]);
});

Deno.test("a counter counts by labels", () => {
  const counter = new Counter();
  for (const code of [200, 401, 200]) counter.add({ code });
  assert.deepEqual(counter.points(), [{ labels: { code: 200 }, value: 2 }, { labels: { code: 401 }, value: 1 }]);
});
