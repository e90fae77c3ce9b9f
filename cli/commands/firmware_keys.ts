import { join } from "node:path";
import type { Command } from "commander";
import { type Bytes, fromHex } from "../../crypto/bytes.ts";
import { firmwareHeader } from "../../keys/c_header.ts";
import { generateKeyMaterial, readKeyMaterial, writeKeySet } from "../../keys/firmware_keys.ts";
import { keysFolder } from "../../ota/repository/repository.ts";
import { systemRandom } from "../../platform/random.ts";
import { readSecretFile } from "../../keys/secret_file.ts";
import { KeySetName } from "../../ota/manifest/firmware.ts";
import { checked } from "../terminal/arguments.ts";
import { gatewayDir, processDataDir } from "../data_dir.ts";
import { usage } from "../terminal/exit.ts";
import type { Terminal } from "../terminal/output.ts";
import { z } from "zod";

interface Flags {
  readonly dataDir?: string;
  readonly keys: string;
  readonly json?: boolean;
}

interface ImportFlags extends Flags {
  readonly publicKey: string;
  readonly aesKey: string;
  readonly chunkKey: string;
  readonly privateKey?: string;
}

/** `keys generate`, `keys import-firmware`, `keys firmware-header`: on the gateway's machine only. */
export function addFirmwareKeys(keys: Command, terminal: Terminal): void {
  const local = (command: Command) =>
    command.option("--data-dir <folder>", "folder of the state")
      .option("--keys <name>", "name of the set of keys", "default")
      .option("--json", "as JSON");
  local(keys.command("generate"))
    .description("make the keys that firmware is signed and encrypted with; never overwrites any")
    .action(async (flags: Flags) => {
      await writeKeySet(folderOf(flags), nameOf(flags), await generateKeyMaterial(systemRandom));
      tellFolder(flags, terminal);
    });
  local(keys.command("import-firmware"))
    .description("take the firmware keys that devices in the field have already; never overwrites any")
    .requiredOption("--public-key <file>", "RSA-2048 public key, PEM")
    .requiredOption("--aes-key <file>", "AES-256 key: 32 bytes, or 64 hex digits")
    .requiredOption("--chunk-key <file>", "HMAC key of chunks: 32 bytes, or 64 hex digits")
    .option("--private-key <file>", "RSA-2048 private key, PKCS#8 PEM; without it images are signed elsewhere")
    .action((flags: ImportFlags) => importKeys(flags, terminal));
  local(keys.command("firmware-header"))
    .description("print the C header that boards are built with; it holds secret keys")
    .action(async (flags: Flags) => {
      const name = nameOf(flags);
      const header = firmwareHeader(name, await readKeyMaterial(folderOf(flags), name));
      terminal.out(flags.json ? JSON.stringify({ header }) : header);
    });
}

async function importKeys(flags: ImportFlags, terminal: Terminal): Promise<void> {
  const { privateKey } = flags;
  await writeKeySet(folderOf(flags), nameOf(flags), {
    publicPem: await readText(flags.publicKey),
    aes: await rawKey(flags.aesKey),
    chunk: await rawKey(flags.chunkKey),
    ...(privateKey === undefined ? {} : { privatePem: `${await readSecretFile(privateKey)}\n` }),
  });
  tellFolder(flags, terminal);
}

function tellFolder(flags: Flags, terminal: Terminal): void {
  const folder = join(folderOf(flags), flags.keys);
  terminal.out(
    flags.json ? JSON.stringify({ keys: flags.keys, folder }) : `The firmware keys "${flags.keys}" are in ${folder}`,
  );
}

function folderOf({ dataDir }: Flags): string {
  return keysFolder(gatewayDir(processDataDir(dataDir)));
}

function nameOf({ keys }: Flags): string {
  return checked(z.object({ keys: KeySetName }), { keys }).keys;
}

/** 32 bytes as they are, or in hex digits. */
async function rawKey(path: string): Promise<Bytes> {
  const bytes = await readBytes(path);
  const key = bytes.length === 32 ? bytes : fromHex(new TextDecoder().decode(bytes).trim());
  if (key?.length === 32) return key;
  throw usage(`${path} holds neither 32 bytes nor 64 hex digits`);
}

async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(path));
}

async function readBytes(path: string): Promise<Bytes> {
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    throw usage(`Cannot read ${path}: ${cause instanceof Deno.errors.NotFound ? "there is no such file" : cause}`);
  }
}
