import type { Command } from "commander";

/** One line that does something useful, for the help of every command; tests check that each is a command line of this program. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  "demo": "ecowatt demo --port 8081",
  "init": "ecowatt init --yes --role both --inverter tcp://192.168.1.20:502",
  "run": "ecowatt run --config /etc/ecowatt/ecowatt.yaml",
  "gateway": "ecowatt gateway --host 0.0.0.0 --port 8080",
  "dashboard": "ecowatt dashboard --role viewer",
  "node": "ecowatt node --config node.yaml --log-level debug",
  "simulate": "ecowatt simulate --profile both --fault timeout@0.1",
  "read": "ecowatt read tcp://192.168.1.20:502?profile=sunspec --watch 1s",
  "write": "ecowatt write tcp://192.168.1.20:502 Pow 60 --yes",
  "scan tcp": "ecowatt scan tcp 192.168.1.0/24",
  "scan serial": "ecowatt scan serial /dev/ttyUSB0 --units 1-32",
  "check": "ecowatt check --config ecowatt.yaml",
  "doctor": "ecowatt doctor --config /etc/ecowatt/ecowatt.yaml",
  "device add": "ecowatt device add roof --gateway http://192.168.1.5:8080",
  "device list": "ecowatt device list --state fault",
  "device show": "ecowatt device show roof",
  "device label": "ecowatt device label roof south pilot",
  "device remove": "ecowatt device remove roof",
  "command set-power": "ecowatt command set-power roof 60 --wait",
  "command write": "ecowatt command write roof 8 60 --wait",
  "command read": "ecowatt command read roof 0 10 --wait",
  "command status": "ecowatt command status k3vQ9x2LJ0aB1cDe",
  "command history": "ecowatt command history roof",
  "command cancel": "ecowatt command cancel k3vQ9x2LJ0aB1cDe",
  "settings get": "ecowatt settings get roof",
  "settings set": "ecowatt settings set roof poll=5s upload=1m",
  "settings history": "ecowatt settings history roof",
  "settings template set": "ecowatt settings template set slow poll=30s upload=15m",
  "settings template list": "ecowatt settings template list",
  "settings template remove": "ecowatt settings template remove slow",
  "settings rollout start": "ecowatt settings rollout start slow --label pilot",
  "settings rollout list": "ecowatt settings rollout list",
  "settings rollout show": "ecowatt settings rollout show 1",
  "settings rollout abort": "ecowatt settings rollout abort 1",
  "firmware add": "ecowatt firmware add ecowatt-1.2.0 --version 1.2.0",
  "firmware import": "ecowatt firmware import board.bin board.json --model ESP32_EcoWatt",
  "firmware sign":
    "ecowatt firmware sign ecowatt-1.2.0 --key signing_private.pem --model ecowatt-node --version 1.2.0 --sequence 12 --out signed.json",
  "firmware list": "ecowatt firmware list",
  "firmware show": "ecowatt firmware show ecowatt-node 1.2.0",
  "firmware verify": "ecowatt firmware verify ecowatt-node 1.2.0",
  "firmware remove": "ecowatt firmware remove ecowatt-node 1.2.0",
  "firmware status": "ecowatt firmware status roof",
  "rollout start": "ecowatt rollout start ecowatt-node 1.2.0 --label pilot",
  "rollout list": "ecowatt rollout list",
  "rollout show": "ecowatt rollout show 1",
  "rollout pause": "ecowatt rollout pause 1",
  "rollout resume": "ecowatt rollout resume 1",
  "rollout abort": "ecowatt rollout abort 1",
  "keys generate": "ecowatt keys generate",
  "keys import-firmware": "ecowatt keys import-firmware --public-key public.pem --aes-key aes.bin --chunk-key hmac.bin",
  "keys firmware-header": "ecowatt keys firmware-header",
  "keys device": "ecowatt keys device roof.key",
  "keys rotate": "ecowatt keys rotate roof",
  "keys revoke": "ecowatt keys revoke roof 1",
  "token create": "ecowatt token create grafana --role viewer --days 365",
  "token list": "ecowatt token list",
  "token revoke": "ecowatt token revoke 3f9a01bc77",
  "backup": "ecowatt backup --with-keys /media/usb/ecowatt.tar.gz",
  "restore": "ecowatt restore /media/usb/ecowatt.tar.gz",
  "support-bundle": "ecowatt support-bundle ecowatt-support.tar.gz",
  "update status": "ecowatt update status",
  "update check": "ecowatt update check",
  "update now": "ecowatt update now",
  "install": "ecowatt install --dry-run",
  "uninstall": "ecowatt uninstall --dry-run",
  "completion": "ecowatt completion bash",
  "licences": "ecowatt licences",
  "version": "ecowatt version --json",
};

/** Puts the example of each command below its help. */
export function showExamples(parent: Command, path = ""): void {
  for (const command of parent.commands) {
    const name = `${path} ${command.name()}`.trim();
    const example = EXAMPLES[name];
    if (example !== undefined) command.addHelpText("after", `\nExample: ${example}`);
    showExamples(command, name);
  }
}
