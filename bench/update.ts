import { join } from "node:path";
import { createSha256 } from "../crypto/sha256.ts";
import { MAX_CHUNK_BYTES } from "../ota/manifest/limits.ts";
import { countingInverter } from "../tests/e2e/counting_inverter.ts";
import { openBox, PRODUCT, script, updateSite } from "../tests/e2e/update_site.ts";
import type { Row } from "./row.ts";

const MEGABYTE = 1e6;
const LOOK_MS = 50;
/** Bytes of a line that fills an image. */
const LINE_BYTES = 63;
/** Megabytes of an image: what a node needs in memory must not depend on it. */
const SIZES = [10, 100];
const CHUNKS = [65_536, MAX_CHUNK_BYTES];

/**
 * Updates of 10 and 100 MB from a real gateway to a real node on this machine, from the first chunk to the last check, every chunk
 * on disk before the next; beside copying the file and hashing the copy. `ECOWATT_BIN`: with that executable.
 */
export async function benchUpdate(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const chunkBytes of CHUNKS) {
    for (const megabytes of SIZES) rows.push(...await measured(chunkBytes, megabytes));
  }
  return rows;
}

async function measured(chunkBytes: number, megabytes: number): Promise<Row[]> {
  await using site = await updateSite();
  await using inverter = countingInverter();
  const image = script("2.0.1", `exec ${PRODUCT} "$@"`, Math.ceil(megabytes * MEGABYTE / LINE_BYTES));
  await site.release("2.0.1", image, chunkBytes);
  const plain = await plainMegabytesPerS(site.folder, image);
  await using box = await openBox(site, "roof", { inverter: inverter.port });
  await until(() => /node started|polls and uploads/.test(box.said()));
  const pid = box.pid() ?? 0;
  const before = await memory(pid, "VmRSS");
  await site.offer("roof", "2.0.1");
  box.look();
  await until(async () => await sizeOf(join(box.slots, "b/ecowatt.part")) > 0);
  const started = performance.now();
  let peak = before;
  await until(async () => {
    const now = await memory(pid, "VmHWM").catch(() => NaN);
    if (now > peak) peak = now; // it has none any more when it ends
    return /is complete: restarting/.test(box.said());
  });
  const seconds = (performance.now() - started) / 1000;
  const speed = image.length / MEGABYTE / seconds;
  const name = `update of ${megabytes} MB, chunks of ${chunkBytes / 1024} KiB`;
  return [
    { name: `${name}; beside copy + SHA-256`, value: speed, unit: "MB/s", yardstick: plain, ratio: speed / plain },
    {
      name: `${name}: most memory of the node; beside before`,
      value: peak,
      unit: "MiB",
      yardstick: before,
      ratio: peak / before,
    },
    { name: `${name}: most memory of the gateway`, value: await memory(site.pid(), "VmHWM"), unit: "MiB" },
  ];
}

/** The file copied, synced, read again and hashed. */
async function plainMegabytesPerS(folder: string, image: Uint8Array): Promise<number> {
  const [from, to] = [join(folder, "plain"), join(folder, "copy")];
  await Deno.writeFile(from, image);
  const started = performance.now();
  await Deno.copyFile(from, to);
  using file = await Deno.open(to, { read: true });
  await file.sync();
  const hash = createSha256();
  const buffer = new Uint8Array(256 * 1024);
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    hash.update(buffer.subarray(0, count));
  }
  hash.digest();
  const seconds = (performance.now() - started) / 1000;
  await Deno.remove(from);
  await Deno.remove(to);
  return image.length / MEGABYTE / seconds;
}

/** MiB of a process, proc(5). */
async function memory(pid: number, field: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(status.match(new RegExp(`${field}:\\s+(\\d+) kB`))?.[1]) / 1024;
}

async function sizeOf(path: string): Promise<number> {
  return await Deno.stat(path).then(({ size }) => size, () => 0);
}

async function until(met: () => boolean | Promise<boolean>): Promise<void> {
  while (!await met()) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
