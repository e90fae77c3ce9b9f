import { join } from "node:path";
import { deviceKeyPath, loadDeviceKey } from "../../../keys/device_key.ts";
import { masterKeyPath } from "../../../keys/key_vault.ts";
import { openKeySet } from "../../../keys/firmware_keys.ts";
import { keysFolder } from "../../../ota/repository/repository.ts";
import { readSecret, readSecretFile, SecretFileError } from "../../../keys/secret_file.ts";
import { gatewayDir, nodeDir } from "../../data_dir.ts";
import { type Check, fail, type Finding, pass, reasonOf } from "./finding.ts";

/** The device key can be read, by its owner only. */
export const deviceKey: Check = async ({ file, dataDir, configPath }) => {
  if (!file?.node) return [];
  const { node } = file;
  try {
    await loadDeviceKey(node, nodeDir(dataDir));
    return [pass("device key", `the key of ${node.device_id} can be read, by its owner only`)];
  } catch (error) {
    const path = node.key_file ?? deviceKeyPath(nodeDir(dataDir));
    const anew = `ecowatt device add ${node.device_id} at the gateway, or ecowatt init --config ${configPath} --force`;
    return [fail("device key", reasonOf(error), mendOf(error, path) ?? anew)];
  }
};

/** What mends a file with a secret; `undefined`: only another file does. */
function mendOf(error: unknown, path: string): string | undefined {
  if (!(error instanceof SecretFileError)) return undefined;
  switch (error.code) {
    case "denied":
      return "sudo ecowatt doctor";
    case "open_to_others":
      return `chmod 600 ${path}`;
    default:
      return undefined;
  }
}

/** The gateway's own keys are read by their owner only. */
export const masterKey: Check = async ({ file, dataDir }) => {
  if (!file?.gateway) return [];
  const path = masterKeyPath(gatewayDir(dataDir));
  try {
    await readSecret(path);
    return [pass("master key", "read by its owner only")];
  } catch (error) {
    if (error instanceof SecretFileError && error.code === "missing") {
      return [pass("master key", "none yet: the gateway makes it at its first start")];
    }
    return [fail("master key", reasonOf(error), mendOf(error, path) ?? `look after ${path}`)];
  }
};

/** Firmware keys are whole, and read by their owner only. */
export const firmwareKeys: Check = async ({ file, dataDir }) => {
  const folder = keysFolder(gatewayDir(dataDir));
  const sets = file?.gateway ? await foldersIn(folder) : [];
  const own = file?.update ? [file.update.keys] : [];
  const findings = await Promise.all([
    ...sets.map((name) => keySet(folder, name)),
    ...own.map((path) => keySet(join(path, ".."), path.split("/").at(-1) ?? path)),
  ]);
  if (findings.length > 0) return findings;
  return file?.gateway
    ? [pass("firmware keys", "none yet: `ecowatt keys generate` makes them when updates are wanted")]
    : [];
};

/** Files with MQTT passwords are read by their owner only. */
export const passwords: Check = async ({ file }) => {
  const { broker, embedded } = file?.gateway?.mqtt ?? {};
  const files = [broker, ...embedded?.users ?? []].flatMap((source) => source?.password_file ?? []);
  return await Promise.all(files.map(async (path): Promise<Finding> => {
    try {
      await readSecretFile(path);
      return pass("mqtt password", `${path} is read by its owner only`);
    } catch (error) {
      return fail("mqtt password", reasonOf(error), `chmod 600 ${path}`);
    }
  }));
};

async function keySet(folder: string, name: string): Promise<Finding> {
  try {
    const { privateKey } = await openKeySet(folder, name);
    return pass("firmware keys", `"${name}" can be read${privateKey ? "" : ", images are signed on another machine"}`);
  } catch (error) {
    return fail("firmware keys", reasonOf(error), `chmod 600 ${join(folder, name)}/*`);
  }
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.filter(({ name, isDirectory }) => isDirectory && !name.startsWith(".")).map(({ name }) => name)
      .sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
