import { join } from "node:path";
import { exists } from "../../../platform/files.ts";
import type { Step } from "./step.ts";
import { must, type RunProgram } from "./system.ts";

const UNIT = "ecowatt.service";

/** What the steps about the unit need. */
interface ServiceSteps {
  readonly root: string;
  readonly run: RunProgram;
  /** Whether anything was installed that a service that runs does not have yet. */
  readonly changed: () => boolean;
}

/** The service starts with the machine. */
export function enabled({ root, run }: Pick<ServiceSteps, "root" | "run">): Step {
  return {
    what: `${UNIT} starts with the machine`,
    look: async () => ({ done: await exists(join(root, "/etc/systemd/system/multi-user.target.wants", UNIT)) }),
    perform: async () => void await must(run, "systemctl", [...inRoot(root), "enable", UNIT]),
  };
}

/** The service runs, with what was installed. */
export function started({ run, changed }: Omit<ServiceSteps, "root">): Step {
  return {
    what: `${UNIT} runs`,
    look: async () => ({ done: !changed() && await isActive(run) && await isLoaded(run) }),
    async perform() {
      await must(run, "systemctl", ["daemon-reload"]);
      await must(run, "systemctl", ["restart", UNIT]);
    },
  };
}

/** The service does not run. */
export function stopped(run: RunProgram): Step {
  return {
    what: `${UNIT} does not run`,
    look: async () => ({ done: !await isActive(run) }),
    perform: () => stopService(run),
  };
}

/** The service does not start with the machine. */
export function disabled({ root, run }: Pick<ServiceSteps, "root" | "run">): Step {
  const { what, look } = enabled({ root, run });
  return {
    what: `not: ${what}`,
    look: async () => ({ done: !(await look()).done }),
    perform: async () => void await must(run, "systemctl", [...inRoot(root), "disable", UNIT]),
  };
}

/** systemd knows no unit of the name any more. */
export function forgotten(run: RunProgram): Step {
  return {
    what: `systemd has no ${UNIT}`,
    look: async () => ({
      done: (await run("systemctl", ["show", "--property=LoadState", UNIT])).out === "LoadState=not-found",
    }),
    perform: async () => void await must(run, "systemctl", ["daemon-reload"]),
  };
}

/** Whether systemd knows the unit as it is on disk. */
async function isLoaded(run: RunProgram): Promise<boolean> {
  return (await run("systemctl", ["show", "--property=NeedDaemonReload", UNIT])).out === "NeedDaemonReload=no";
}

/** Stops it if it runs. */
export async function stopService(run: RunProgram): Promise<void> {
  await must(run, "systemctl", ["stop", UNIT]);
}

/** Whether it runs, or is about to. */
export async function isActive(run: RunProgram): Promise<boolean> {
  const { out } = await run("systemctl", ["is-active", UNIT]);
  return out === "active" || out === "activating" || out === "reloading";
}

function inRoot(root: string): readonly string[] {
  return root === "/" ? [] : [`--root=${root}`];
}
