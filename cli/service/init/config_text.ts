import { type Answers, rolesOf } from "./answers.ts";
import { busYaml } from "../scan/bus_yaml.ts";

/** The configuration file for some answers, with comments for whoever opens it one day. */
export function configText(answers: Answers): string {
  const { node, gateway } = rolesOf(answers.role);
  const parts = [
    "# Written by `ecowatt init`. `ecowatt check` checks this file, `ecowatt check --schema` prints all there is,\n" +
    "# `ecowatt doctor` says how the box is doing. A restart has a change take effect.\n" +
    `data_dir: ${JSON.stringify(answers.dataDir)}`,
    ...(gateway ? [gatewayText(answers)] : []),
    ...(node ? [nodeText(answers)] : []),
  ];
  return `${parts.join("\n\n")}\n`;
}

function gatewayText({ host, port }: Answers): string {
  return `# The gateway: takes uploads, stores them, answers operators. 127.0.0.1: only this machine reaches it; 0.0.0.0: all.
gateway:
  host: ${JSON.stringify(host)}
  port: ${port}`;
}

function nodeText({ device, gateway, caFile, keyNumber, buses }: Answers): string {
  return `# The node: polls inverters and uploads to a gateway. Its key is in node/device.key in the data directory.
node:
  device_id: ${JSON.stringify(device)}
  gateway: ${JSON.stringify(gateway)}${caFile === undefined ? "" : `\n  ca_file: ${JSON.stringify(caFile)}`}
  key_number: ${keyNumber}
  poll_interval: 2s # between two readings
  upload_interval: 30s # between two uploads; longer spares the SD card
  # Lines with inverters. \`ecowatt scan\` finds more, \`ecowatt read\` reads them.
  buses:
${buses.map(busYaml).join("\n")}`;
}
