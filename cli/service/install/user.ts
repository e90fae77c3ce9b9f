import { join } from "node:path";
import { textOf } from "./file_steps.ts";
import { exists } from "../../../platform/files.ts";
import type { Owner } from "./file_steps.ts";
import type { Step } from "./step.ts";
import { must, type RunProgram } from "./system.ts";

/** The user and group that the service runs as, and the group of serial ports. */
const USER = "ecowatt";
const SERIAL = "dialout";

/** The service's user in the system below `root`; `undefined` while there is none. */
export async function serviceUser(root: string): Promise<Owner | undefined> {
  const passwd = await textOf(join(root, "/etc/passwd")) ?? "";
  const [, , uid, gid] = passwd.split("\n").map((line) => line.split(":")).find(([name]) => name === USER) ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/** Makes the user from its description, which is a file of sysusers.d(5). */
export function userStep(root: string, run: RunProgram): Step {
  return {
    what: `the user ${USER}, in the group ${SERIAL}`,
    look: async () => ({ done: await serviceUser(root) !== undefined && await isInSerialGroup(root) }),
    async perform() {
      await must(run, "systemd-sysusers", [...(root === "/" ? [] : [`--root=${root}`]), "ecowatt.conf"]);
    },
  };
}

/** Removes the user and its group. */
export function noUserStep(root: string, run: RunProgram): Step {
  return {
    what: `no user ${USER}`,
    look: async () => ({ done: await serviceUser(root) === undefined }),
    async perform() {
      await must(run, "userdel", [...(root === "/" ? [] : ["--prefix", root]), USER]);
    },
  };
}

async function isInSerialGroup(root: string): Promise<boolean> {
  const groups = await textOf(join(root, "/etc/group")) ?? "";
  const members = groups.split("\n").map((line) => line.split(":")).find(([name]) => name === SERIAL)?.[3] ?? "";
  return members.split(",").includes(USER);
}

/** Whether systemd runs the system that this process is in (sd_booted(3)). */
export function runsSystemd(): Promise<boolean> {
  return exists("/run/systemd/system");
}
