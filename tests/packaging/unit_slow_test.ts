import assert from "node:assert/strict";
import { join } from "node:path";
import { asset } from "../../cli/service/install/assets.ts";
import { unitText } from "../../cli/service/install/layout.ts";
import { program, testWith } from "../needs.ts";

const analyze = program("systemd-analyze", "systemd");

/** The unit with its executables where they can be found. */
async function unitIn(folder: string): Promise<string> {
  const prefix = join(folder, "usr");
  for (const [path, mode] of [["lib/ecowatt/boot-guard", 0o755], ["bin/ecowatt", 0o755]] as const) {
    Deno.mkdirSync(join(prefix, path, ".."), { recursive: true });
    Deno.writeTextFileSync(join(prefix, path), "#!/bin/sh\n", { mode });
  }
  const path = join(folder, "ecowatt.service");
  Deno.writeTextFileSync(path, unitText(await asset("ecowatt.service"), prefix));
  return path;
}

async function systemdAnalyze(...args: string[]): Promise<{ readonly code: number; readonly said: string }> {
  const { code, stdout, stderr } = await new Deno.Command("systemd-analyze", { args }).output();
  return { code, said: [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("").trim() };
}

testWith([analyze], "the unit is what systemd understands, to the last line", async () => {
  const folder = Deno.makeTempDirSync();
  const { code, said } = await systemdAnalyze("verify", "--man=no", await unitIn(folder));
  assert.deepEqual([code, said], [0, ""]);
  Deno.removeSync(folder, { recursive: true });
});

testWith([analyze], "the exposure of the service is 2.0 or less by systemd's own measure", async () => {
  const folder = Deno.makeTempDirSync();
  const unit = await unitIn(folder);
  const { code, said } = await systemdAnalyze("security", "--offline=true", "--threshold=20", "--no-pager", unit);
  assert.equal(code, 0, said);
  const [, level] = /Overall exposure level for \S+: ([0-9.]+)/.exec(said) ?? [];
  assert.ok(Number(level) <= 2, said);
  Deno.removeSync(folder, { recursive: true });
});
