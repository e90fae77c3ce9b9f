import { dirname } from "node:path";
import { asset } from "./assets.ts";
import { executableFile, folder, gone, type OwnerOf, textFile } from "./file_steps.ts";
import { type Layout, unitText } from "./layout.ts";
import { disabled, enabled, forgotten, isActive, started, stopped, stopService } from "./service_step.ts";
import { slotStep, type SlotStepIo } from "./slot_step.ts";
import type { Step } from "./step.ts";
import type { RunProgram } from "./system.ts";
import { noUserStep, serviceUser, userStep } from "./user.ts";

/** What is to be installed, and where. */
interface Plan {
  readonly layout: Layout;
  /** The executable that is installed. */
  readonly executable: string;
  /** A Debian package has unpacked its files already. */
  readonly packaged: boolean;
  /** Whether the service is to run now: systemd runs this system, and nobody said otherwise. */
  readonly start: boolean;
  /** Whether it is to start with the machine; an upgrade leaves that as it is. */
  readonly enable: boolean;
  /** Stage the executable even when it is older than the one that runs. */
  readonly force: boolean;
  /** Whether this process may give files away. */
  readonly isRoot: boolean;
  readonly run: RunProgram;
}

/** Everything that an installation has, in the order in which it is made. */
export async function installSteps(plan: Plan): Promise<readonly Step[]> {
  const { layout, run, isRoot, packaged } = plan;
  const { root, prefix } = layout;
  const user = () => isRoot ? serviceUser(root) : Promise.resolve(undefined);
  const groupOnly: OwnerOf = async () => {
    const owner = await user();
    return owner && { uid: 0, gid: owner.gid };
  };
  let changes = 0;
  const counted = (step: Step): Step => ({ ...step, perform: () => step.perform().then(() => void changes++) });
  const shipped = packaged ? [] : [
    textFile(layout.sysusers, await asset("sysusers.conf"), { mode: 0o644 }),
    executableFile(plan.executable, layout.executable),
    textFile(layout.guard, await asset("boot-guard"), { mode: 0o755 }),
    textFile(layout.unit, unitText(await asset("ecowatt.service"), prefix), { mode: 0o644 }),
  ];
  return [
    ...shipped.map(counted),
    userStep(root, run),
    folder(layout.configDir, 0o750, groupOnly),
    textFile(layout.config, await asset("ecowatt.yaml"), { mode: 0o640, owner: groupOnly, keep: true }),
    folder(layout.dataDir, 0o700, user),
    counted(slotStep(slotIo(plan))),
    ...(plan.enable ? [enabled({ root, run })] : []),
    ...(plan.start ? [started({ run, changed: () => changes > 0 })] : []),
  ];
}

function slotIo({ layout, run, isRoot, start, force }: Plan): SlotStepIo {
  return {
    layout,
    force,
    run,
    isRoot,
    async quiesce() {
      if (start && await isActive(run)) await stopService(run);
    },
  };
}

/** What is left to be gone. */
interface Removal {
  readonly layout: Layout;
  readonly packaged: boolean;
  /** systemd runs this system, so the service may be running. */
  readonly live: boolean;
  /** Configuration, keys, samples and the user as well. */
  readonly purge: boolean;
  readonly run: RunProgram;
}

/** Everything that has to go, in order; data stays unless it is to be purged. */
export function uninstallSteps({ layout, packaged, live, purge, run }: Removal): readonly Step[] {
  const { root } = layout;
  const shipped = packaged ? [] : [layout.unit, dirname(layout.guard), layout.executable, layout.sysusers];
  return [
    ...(live ? [stopped(run)] : []),
    disabled({ root, run }),
    ...shipped.map(gone),
    ...(live && !packaged ? [forgotten(run)] : []),
    ...(purge ? [gone(layout.dropIns), gone(layout.configDir), gone(layout.dataDir), noUserStep(root, run)] : []),
  ];
}
