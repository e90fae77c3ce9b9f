import { join, sep } from "node:path";
import { CliFailure, EXIT } from "../exit.ts";
import { asset } from "./assets.ts";
import { machineOf } from "./file_content.ts";
import { textOf } from "./file_steps.ts";
import { UNIT_MARK, unitPlaces } from "./layout.ts";
import type { RunProgram } from "./system.ts";

/** Throws unless this machine can run the program; with its way out. */
export async function checkMachine(run: RunProgram): Promise<void> {
  const { code, err } = await run("sh", ["-s"], { stdin: await asset("preflight") });
  if (code !== 0) throw failure(err);
}

/** Throws unless the system below `root` can run the executable: one of 32 bits has another kind of shell. */
export async function checkImage(root: string, executable: string): Promise<void> {
  const machine = await machineOf(executable);
  if (machine === "no program") throw failure(`Cannot install ${executable}: it is no program`);
  const shell = await Deno.realPath(join(root, "bin/sh")).catch(() => undefined);
  if (machine === "script" || shell === undefined || !shell.startsWith(join(root, sep))) return;
  if (await machineOf(shell) === machine) return;
  throw failure(
    `Cannot install into ${root}: its programs are for another kind of machine than ${executable}, which needs a 64-bit system`,
  );
}

/** Throws when systemd would find a unit of our name that is not ours, or, unless `packaged`, that of the Debian package. */
export async function checkUnits(root: string, packaged: boolean): Promise<void> {
  for (const [place, path] of unitPlaces(root).entries()) {
    const text = await textOf(path);
    if (text === undefined) continue;
    if (!text.startsWith(UNIT_MARK)) {
      throw failure(`Cannot install: ${path} is there already and is not of EcoWatt; rename or remove it first`);
    }
    if (place === 0 && packaged) {
      throw failure(`Cannot install the package: ${path} hides its unit; first run: ecowatt uninstall`);
    }
    if (place > 0 && !packaged) {
      throw failure("Cannot install: EcoWatt was installed as a Debian package; use: apt install ./ecowatt_….deb");
    }
  }
}

function failure(message: string): CliFailure {
  return new CliFailure(EXIT.failed, message);
}
