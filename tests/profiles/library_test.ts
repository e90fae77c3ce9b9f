import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { knownProfile } from "../../profiles/known_profile.ts";
import { createLibrary, dumpsBeside, programLibrary } from "../../profiles/library.ts";
import { trialOf } from "../../profiles/trial.ts";
import { ecowatt, ecowattKind } from "../../protocol/profile/ecowatt.ts";
import { columnsOf } from "../../protocol/profile/lookup.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";

Deno.test("every device of the program can be read, and its maps are known by their ids", () => {
  const names = programLibrary.names();
  assert.ok(names.includes("ecowatt"));
  for (const name of names) {
    const found = programLibrary.find(name);
    assert.ok(found.ok, found.ok ? "" : found.detail);
    assert.equal(found.value.document.name, name);
    for (const { profile } of found.value.maps) {
      assert.equal(knownProfile(profile.id)?.id, profile.id);
      const columns = columnsOf(profile, profile.defaultRegisters);
      assert.ok(columns.ok, columns.ok ? "" : `${profile.id}: ${columns.detail}`);
      assert.ok(columns.value.length > 0, profile.id);
    }
  }
});

Deno.test("every device shows what its dumps expect, and they would catch the usual mistakes", async (t) => {
  for (const name of programLibrary.names()) {
    const kind = programLibrary.find(name), file = programLibrary.fileOf(name);
    const dumps = file && dumpsBeside(file);
    assert.ok(kind.ok && dumps?.ok);
    const { points, faults, caught, missed } = trialOf(kind.value, dumps.value);
    await t.step(`${name}: ${points} points, ${dumps.value.length} dumps, ${caught} mistakes caught`, () => {
      assert.deepEqual({ faults, missed }, { faults: [], missed: [] });
      assert.ok(caught > 0);
    });
  }
});

Deno.test("the ten registers in the program are those of the file, under the id that they always had", () => {
  const found = programLibrary.find("ecowatt");
  assert.ok(found.ok);
  assert.deepEqual(found.value, ecowattKind);
  assert.equal(ecowatt.id, "ecowatt");
});

Deno.test("ids of maps that nobody has are not known, whatever they name", () => {
  for (const id of ["ecowatt@000000000000", "../secret@000000000000", "nobody@0123456789ab", "sunspec", ""]) {
    assert.equal(knownProfile(id), undefined, id);
  }
});

Deno.test("an owner's own file wins, and a broken one is told with its place", async () => {
  await using folder = await temporaryDirectory();
  const own = pathToFileURL(`${folder.path}/`);
  const text = await Deno.readTextFile(new URL("../../profiles/ecowatt/profile.yaml", import.meta.url));
  await Deno.writeTextFile(`${folder.path}/mine.yaml`, text.replace("name: ecowatt", "name: mine"));
  await Deno.writeTextFile(`${folder.path}/broken.yaml`, "profile: ecowatt-profile/1\nname: [\n");
  const library = createLibrary([own, new URL("../../profiles/", import.meta.url)]);
  assert.deepEqual(library.names().filter((name) => ["broken", "ecowatt", "mine"].includes(name)), [
    ...["broken", "ecowatt", "mine"],
  ]);
  const mine = library.find("mine");
  // The same numbers under another name are another map.
  assert.match(mine.ok ? mine.value.maps[0].profile.id : "", /^mine@[0-9a-f]{12}$/);
  const broken = library.find("broken");
  assert.ok(!broken.ok && /broken\.yaml:\d+:\d+: /.test(broken.detail));
  assert.ok(!library.find("../ecowatt").ok);
});
