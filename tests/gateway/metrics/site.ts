import assert from "node:assert/strict";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { type Fixture, NOW, openFixture } from "../api/fixture.ts";

const SUNSPEC = "sunspec:1@40002/66,103@40070/50,160@40122/48";

/** What Prometheus reads. */
export async function page(f: Fixture): Promise<string> {
  const answer = await f.send("viewer", "GET", "/metrics");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  return await answer.text();
}

/** Two devices with samples, and one without. */
export async function site(): Promise<Fixture> {
  const f = await openFixture();
  for (const device_id of ["roof", "farm", "new"]) await f.ask("POST", "/api/v1/devices", { device_id });
  const at = NOW - 4_000;
  await f.store({
    device: "roof",
    registers: ecowatt.registers.map(({ name }) => name),
    samples: [{ at, values: ecowatt.registers.map((_, i) => 100 + i) }],
  });
  await f.store({
    device: "farm",
    inverter: "south",
    profile: SUNSPEC,
    registers: ["103.W", "103.W_SF", "103.WH", "103.WH_SF", "103.PhVphB", "103.V_SF", "160.2.DCW", "160.DCW_SF"],
    samples: [80, 40, 0].map((before) => ({
      at: at - 1_000 * before,
      values: [-3, 2, 1_234, 3, 2_301, -1, 77, undefined],
    })),
  });
  return f;
}
