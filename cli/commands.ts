import { addLicences } from "./commands/licences.ts";
import type { Command } from "commander";
import type { Terminal } from "./terminal/output.ts";
import { addBackup, addRestore } from "./commands/backup.ts";
import { addCheck } from "./commands/check.ts";
import { addCommand } from "./commands/command.ts";
import { addDashboard } from "./commands/dashboard.ts";
import { addCompletion } from "./commands/completion.ts";
import { addDemo } from "./commands/demo.ts";
import { addDevice } from "./commands/device.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addFirmware } from "./commands/firmware.ts";
import { addGateway } from "./commands/gateway.ts";
import { addInit } from "./commands/init.ts";
import { addInstall, addUninstall } from "./commands/install.ts";
import { addKeys } from "./commands/keys.ts";
import { addNode } from "./commands/node.ts";
import { addProfile } from "./commands/profile.ts";
import { addRead } from "./commands/read.ts";
import { addRollout } from "./commands/rollout.ts";
import { addRun } from "./commands/run.ts";
import { addScan } from "./commands/scan.ts";
import { addSettings } from "./commands/settings.ts";
import { addSimulate } from "./commands/simulate.ts";
import { addStage } from "./commands/stage.ts";
import { addSupportBundle } from "./commands/support_bundle.ts";
import { addToken } from "./commands/token.ts";
import { addUpdate } from "./commands/update.ts";
import { addVersion } from "./commands/version.ts";
import { addWrite } from "./commands/write.ts";

/** Adds one command to the program. */
type AddCommand = (program: Command, terminal: Terminal) => void;

/** Every command, in the order in which the help lists them. */
export const COMMANDS: readonly AddCommand[] = [
  addDemo,
  addInit,
  addRun,
  addGateway,
  addDashboard,
  addNode,
  addSimulate,
  addRead,
  addWrite,
  addScan,
  addProfile,
  addCheck,
  addDoctor,
  addDevice,
  addCommand,
  addSettings,
  addFirmware,
  addRollout,
  addKeys,
  addToken,
  addBackup,
  addRestore,
  addSupportBundle,
  addUpdate,
  addInstall,
  addUninstall,
  addStage,
  addCompletion,
  addLicences,
  addVersion,
];
