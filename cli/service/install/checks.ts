import { join, sep } from "node:path";
import { CliFailure, EXIT } from "../../terminal/exit.ts";
import { asset } from "./assets.ts";
import { machineOf } from "./file_content.ts";
import { textOf } from "./file_steps.ts";
import { UNIT_MARK, unitPlaces, unitText } from "./layout.ts";
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

/** What is about to be done to the unit. */
type Act = "install" | "uninstall";

/** Throws when systemd would find a unit of our name that is not ours, or, unless `packaged`, that of the Debian package. */
export async function checkUnits(act: Act, root: string, packaged: boolean): Promise<void> {
  for (const [place, path] of unitPlaces(root).entries()) {
    const text = await textOf(path);
    if (text === undefined) continue;
    if (!text.startsWith(UNIT_MARK)) {
      throw failure(`Cannot ${act}: ${path} is not of EcoWatt; rename or remove it first`);
    }
    // `systemctl edit --full` leaves a whole unit there as well, which is the administrator's right.
    if (place === 0 && packaged && text.includes(unitText("@PREFIX@/lib", "/usr/local"))) {
      throw failure(`Cannot ${act} the package: ${path} hides its unit; first run: /usr/local/bin/ecowatt uninstall`);
    }
    if (place > 0 && !packaged) {
      const instead = act === "install" ? "apt install ./ecowatt_….deb" : "apt remove ecowatt";
      throw failure(`Cannot ${act}: EcoWatt was installed as a Debian package; use: ${instead}`);
    }
  }
}

function failure(message: string): CliFailure {
  return new CliFailure(EXIT.failed, message);
}
