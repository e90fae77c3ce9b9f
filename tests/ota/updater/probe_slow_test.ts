import assert from "node:assert/strict";
import { join } from "node:path";
import { probe, runVersion } from "../../../ota/updater/probe.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { temporaryDirectory } from "../../fakes/temporary_directory.ts";

const ABOUT = JSON.stringify({ model: "ecowatt", version: "2.0.0", os: Deno.build.os, arch: Deno.build.arch });

const PROGRAMS: readonly (readonly [name: string, content: string, refused?: RegExp])[] = [
  ["what was promised", `#!/bin/sh\n[ "$*" = "version --json" ] && echo '${ABOUT}'`],
  ["an older version", `#!/bin/sh\necho '${ABOUT.replace("2.0.0", "1.0.0")}'`, /it says it is ecowatt 1\.0\.0/],
  ["for another machine", `#!/bin/sh\necho '${ABOUT.replace(Deno.build.arch, "vax")}'`, /vax/],
  ["one that fails", `#!/bin/sh\necho '${ABOUT}'; exit 3`, /exit code 3/],
  ["one that says something else", "#!/bin/sh\necho hello", /does not say what it is/],
  ["a text that a shell would run", `echo '${ABOUT}'\n`, /cannot be started|not a program/],
  ["zero bytes", "", /cannot be started|not a program/],
];
for (const [name, content, refused] of PROGRAMS) {
  Deno.test(`the new executable is asked what it is: ${name}`, async () => {
    await using folder = await temporaryDirectory();
    const path = join(folder.path, "ecowatt");
    await Deno.writeTextFile(path, content, { mode: 0o700 });
    const result = await probe(path, { model: "ecowatt", version: "2.0.0" }, runVersion(new FakeClock()));
    assert.equal(result.ok, refused === undefined, JSON.stringify(result));
    if (!result.ok && refused) assert.match(result.detail, refused);
  });
}

Deno.test("the new executable is asked what it is: one that hangs is killed", async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, "ecowatt");
  await Deno.writeTextFile(path, "#!/bin/sh\nexec sleep 600\n", { mode: 0o700 });
  const clock = new FakeClock();
  const asked = probe(path, { model: "ecowatt", version: "2.0.0" }, runVersion(clock));
  while (clock.sleeping === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await clock.advance(30_000);
  const result = await asked;
  assert.ok(!result.ok);
  assert.match(result.detail, /in time/);
});
