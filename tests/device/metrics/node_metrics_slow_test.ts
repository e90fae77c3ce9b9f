import assert from "node:assert/strict";
import { badName, familiesOf } from "../../fakes/prometheus.ts";
import { PROMTOOL, promtool } from "../../fakes/promtool.ts";
import { testWith } from "../../needs.ts";
import { openBox, until } from "./box.ts";

testWith(
  [PROMTOOL],
  "a node shows its buses, its store and its uplink, and its gateway shows all of it, too",
  async () => {
    await using box = await openBox();
    const signs = [
      /ecowatt_uplink_ack_seconds_count [1-9]/,
      /ecowatt_gateway_up\{/,
      /ecowatt_polls_total\{device="box",inverter="gone",result="nothing"\} [1-9]/,
    ];
    const page = await until(box.nodePage, (text) => signs.every((sign) => sign.test(text)));
    assert.match(page, /ecowatt_modbus_requests_total\{bus="roof",unit="17",fc="\d",result="ok"\} [1-9]/);
    assert.match(page, /ecowatt_modbus_request_duration_seconds_bucket\{bus="roof",le="0.01"\} \d/);
    assert.match(page, /ecowatt_store_records\{device="box"\} \d/);
    assert.match(page, /ecowatt_gateway_up\{device="box"\} 1\n/);
    assert.deepEqual(await promtool(["check", "metrics"], page), { code: 0, said: "" });

    const both = await until(
      async () => await (await box.ask("/metrics")).text(),
      (text) => /ac_power_watts/.test(text),
    );
    assert.deepEqual(await promtool(["check", "metrics"], both), { code: 0, said: "" });
    assert.match(both, /ecowatt_http_requests_total\{path="\/process",code="200"\} [1-9]/);
    assert.match(both, /ecowatt_store_commit_duration_seconds_count [1-9]/);
    const families = familiesOf(both);
    for (const name of familiesOf(page).keys()) assert.ok(families.has(name), name);
    assert.deepEqual([...families].flatMap(([name, type]) => badName(name, type) ?? []), []);
  },
);
