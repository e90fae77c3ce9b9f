import type { Command } from "commander";
import { utf8 } from "../../crypto/bytes.ts";
import { importRsaPrivateKey } from "../../crypto/rsa.ts";
import { signImage } from "../../ota/repository/offline_signing.ts";
import { writeFileAtomic } from "../../platform/files.ts";
import { systemRandom } from "../../platform/random.ts";
import { readSecretFile } from "../../keys/secret_file.ts";
import { NewFirmware } from "../../ota/manifest/firmware.ts";
import { checked, number } from "../terminal/arguments.ts";
import { CliFailure, EXIT, usage } from "../terminal/exit.ts";
import type { Terminal } from "../terminal/output.ts";

interface Flags {
  readonly key: string;
  readonly model: string;
  readonly version: string;
  readonly sequence: number;
  readonly minVersion?: string;
  readonly chunkSize?: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** `firmware sign`: needs no gateway, so that the private key can be on a machine without a network. */
export function addFirmwareSign(firmware: Command, terminal: Terminal): void {
  firmware.command("sign <file>")
    .description(
      "sign an image for nodes on a machine that has the private key; `firmware add --signed` takes the result",
    )
    .requiredOption("--key <file>", "RSA-2048 private key, PKCS#8 PEM, mode 0600")
    .requiredOption("--model <name>", "the devices' model")
    .requiredOption("--version <version>", "its version, such as 1.4.2")
    .requiredOption("--sequence <number>", "its place in the order of releases: above all before", number)
    .option("--min-version <version>", "devices that run an older one are updated in steps")
    .option("--chunk-size <bytes>", "bytes of a chunk (default 262144)", number)
    .option("--out <file>", "where the signed manifest goes (default: the image's name with .signed.json)")
    .option("--json", "as JSON")
    .action((file: string, flags: Flags) => sign(file, flags, terminal));
}

async function sign(file: string, flags: Flags, terminal: Terminal): Promise<void> {
  const { model, version, sequence, minVersion: min_version, chunkSize: chunk_size } = flags;
  const details = checked(NewFirmware, { model, version, sequence, min_version, chunk_size });
  const key = await importRsaPrivateKey(await readSecretFile(flags.key));
  if (!key) throw usage(`${flags.key} does not hold an RSA-2048 private key in PEM (PRIVATE KEY)`);
  const plain = async () => (await opened(file)).readable;
  const signed = await signImage(plain, { ...details, sequence }, { key, random: systemRandom });
  if (!signed.ok) throw new CliFailure(EXIT.failed, signed.detail);
  const out = flags.out ?? `${file}.signed.json`;
  await writeFileAtomic(out, utf8(`${JSON.stringify(signed.value)}\n`), 0o644);
  terminal.out(
    flags.json ? JSON.stringify({ model, version, out }) : `The signed manifest of ${model} ${version} is in ${out}`,
  );
}

async function opened(file: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(file, { read: true });
  } catch (cause) {
    throw usage(`Cannot read ${file}: ${cause instanceof Deno.errors.NotFound ? "there is no such file" : cause}`);
  }
}
