import assert from "node:assert/strict";
import { changedModel, headersOf } from "../../../device/inverter/model_header.ts";
import { profileById } from "../../../protocol/profile/catalogue.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { columnsOf } from "../../../protocol/profile/lookup.ts";
import type { Profile } from "../../../protocol/profile/register.ts";

const map = profileById("sunspec:1@40002/66,103@40070/50,123@40122/24");

function headers(profile: Profile | undefined, names: readonly string[]) {
  const columns = profile && columnsOf(profile, names);
  assert.ok(profile && columns?.ok);
  return headersOf(profile, columns.value);
}

Deno.test("only models that are polled are checked, other profiles have none", () => {
  assert.deepEqual(headers(map, ["103.W"]).map(({ model }) => model), [103]);
  assert.deepEqual(headers(map, ["123.Conn", "103.W"]).map(({ model }) => model), [103, 123]);
  assert.deepEqual(headers(ecowatt, ["Vac1"]), []);
});

Deno.test("a header tells a changed map by id or length; one that was not read tells nothing", () => {
  const table: readonly [readonly (number | undefined)[], number | undefined][] = [
    [[103, 50], undefined],
    [[101, 50], 103],
    [[103, 51], 103],
    [[50, 0xffff], 103],
    [[undefined, undefined], undefined],
    [[undefined, 50], undefined],
    [[undefined, 51], 103],
  ];
  for (const [words, changed] of table) {
    const found = changedModel(headers(map, ["103.W"]), (address) => words[address - 40070]);
    assert.equal(found?.model, changed, `${words}`);
  }
});
