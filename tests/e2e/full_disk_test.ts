import assert from "node:assert/strict";
import { join } from "node:path";
import { program, testWith } from "../needs.ts";
import { countingInverter, countOf } from "./counting_inverter.ts";
import { configureNode } from "./killed_site.ts";
import { start, until } from "./process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { output, samples, startGateway } from "./site.ts";

const root = { what: "root, to mount a small file system", met: Deno.uid() === 0 };

/** A file system of 4 MiB that can be filled to the last byte. */
async function smallDisk(path: string): Promise<{ fill(): Promise<void>; clear(): Promise<void> } & AsyncDisposable> {
  const run = async (command: string, ...args: string[]) => {
    const { success, stderr } = await new Deno.Command(command, { args }).output();
    if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
  };
  await Deno.mkdir(path);
  await run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", path);
  const filler = join(path, "filler");
  return {
    async fill() {
      using file = await Deno.open(filler, { create: true, write: true });
      for (let size = 65_536; size >= 1; size = Math.floor(size / 2)) {
        try {
          for (;;) await file.write(new Uint8Array(size));
        } catch (error) {
          if (!(error instanceof Error) || !error.message.includes("No space left")) throw error;
        }
      }
    },
    clear: () => Deno.remove(filler),
    [Symbol.asyncDispose]: () => run("umount", "-l", path),
  };
}

for (const full of ["gateway", "node"] as const) {
  testWith([root, program("mount")], `a full disk under the ${full} stops nothing and loses nothing`, async () => {
    await using folder = await temporaryDirectory();
    await using disk = await smallDisk(join(folder.path, "small"));
    const dataDir = { gateway: folder.path, node: folder.path, [full]: join(folder.path, "small") };
    await using inverter = countingInverter();
    const gateway = await startGateway(dataDir.gateway);
    await using _gateway = gateway.process;
    const config = await configureNode(folder.path, dataDir.gateway, gateway.url, inverter.port);
    await using node = start(["node", "--config", config, "--data-dir", dataDir.node]);
    const token = await output(["token", "create", "test", "--data-dir", dataDir.gateway]);
    const stored = async (more: number) => {
      const points = await samples(gateway.url, token, "roof");
      return points.length >= more ? points : undefined;
    };
    await until("the first samples", () => stored(5));

    await disk.fill();
    await (full === "gateway" ? gateway.process : node).says(/disk.*full|No space left/); // the database's words, or the tail file's
    const atFull = inverter.answered();
    await until("polls on a full disk", () => Promise.resolve(inverter.answered() > atFull + 20 ? true : undefined));
    await disk.clear();

    const target = inverter.answered();
    const points = await until("every sample", () => stored(target));
    const counts = points.map(({ values }) => countOf(Math.round(10 * (values["Vpv1"] ?? NaN)), values["Pac"] ?? NaN));
    assert.deepEqual(counts, counts.map((_, count) => count), "each of them once, in order");
  });
}

testWith(
  [root, program("mount")],
  "a node that is killed on a full disk starts again on it, polls, and loses nothing else",
  async () => {
    await using folder = await temporaryDirectory();
    await using disk = await smallDisk(join(folder.path, "small"));
    await using inverter = countingInverter();
    const gateway = await startGateway(folder.path);
    await using _gateway = gateway.process;
    const config = await configureNode(folder.path, folder.path, gateway.url, inverter.port);
    const startNode = () => start(["node", "--config", config, "--data-dir", join(folder.path, "small")]);
    const polls = (more: number) => {
      const target = inverter.answered() + more;
      return until("polls", () => Promise.resolve(inverter.answered() > target ? true : undefined));
    };
    const first = startNode();
    try {
      await polls(20);
      await disk.fill();
      await first.says(/disk.*full|No space left/);
    } finally {
      await first.kill("SIGKILL");
    }
    const killedAt = inverter.answered();
    await using _second = startNode();
    await polls(20);
    await disk.clear();
    const target = inverter.answered();
    const token = await output(["token", "create", "test", "--data-dir", folder.path]);
    const countsOf = async () => {
      const points = await samples(gateway.url, token, "roof");
      return points.map(({ values }) => countOf(Math.round(10 * (values["Vpv1"] ?? NaN)), values["Pac"] ?? NaN));
    };
    const counts = await until("what was polled since", async () => {
      const found = await countsOf();
      return found.some((count) => count >= target) ? found : undefined;
    });
    assert.equal(new Set(counts).size, counts.length, "nothing twice");
    const since = new Set(counts.filter((count) => count > killedAt && count < target));
    assert.equal(since.size, target - killedAt - 1, "all that was polled after the start");
  },
);
