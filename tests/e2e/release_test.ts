import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { testWith } from "../needs.ts";
import { countingInverter } from "./counting_inverter.ts";
import { type Running, start, until } from "./process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { ask, output, samples, startGateway } from "./site.ts";

const GUARD = fileURLToPath(new URL("../../packaging/boot-guard", import.meta.url));
const old = Deno.env.get("ECOWATT_BIN");
const next = Deno.env.get("ECOWATT_BIN_NEXT");
const needs = [
  { what: "ECOWATT_BIN, the executable of `deno task build`", met: old !== undefined },
  { what: "ECOWATT_BIN_NEXT, the same of a later version", met: next !== undefined },
];

testWith(
  needs,
  "a node updates itself from one executable to the next, from the gateway's own repository",
  async () => {
    await using folder = await temporaryDirectory();
    await using inverter = countingInverter();
    const data = join(folder.path, "gateway");
    const local = ["--data-dir", data];
    const gateway = await startGateway(data);
    await using _gateway = gateway.process;
    await output(["keys", "generate", ...local]);
    const { key } = JSON.parse(await output(["device", "add", "roof", "--model", "ecowatt", "--json", ...local]));
    const token = await output(["token", "create", "test", ...local]);
    const version = await output(["version"], { program: [next ?? ""] });
    assert.notEqual(version, await output(["version"]));

    const box = await nodeBox(
      folder.path,
      gateway.url,
      key.key,
      join(data, "gateway/firmware-keys/default"),
      inverter.port,
    );
    await using node = guarded(box);
    await until("samples of the old executable", async () => (await samples(gateway.url, token, "roof"))[5]);

    const add = ["--model", "ecowatt", "--version", version, "--chunk-size", "262144"];
    await output(["firmware", "add", next ?? "", ...add, ...local]);
    await output(["firmware", "verify", "ecowatt", version, ...local]);
    const { id } = JSON.parse(await output(["rollout", "start", "ecowatt", version, "--json", ...local]));
    await Deno.writeTextFile(join(box.slots, "wanted"), "\n"); // as `ecowatt update check` does
    await node.says(/100 %/);
    const phase = await until("the end of the rollout", async () => {
      const rollout = await ask<{ phase: string }>(gateway.url, token, `/api/v1/rollouts/${id}`);
      return rollout.phase === "running" ? undefined : rollout.phase;
    }).catch((error) => {
      throw new Error(`${error}\n${node.said()}`);
    });
    assert.equal(phase, "done", node.said());
    assert.match(await output(["firmware", "status", "roof", ...local]), new RegExp(version.replaceAll(".", "\\.")));
    assert.equal(await Deno.readLink(join(box.slots, "current")), "b");
    const before = inverter.answered();
    await until("samples of the new executable", async () => {
      const points = await samples(gateway.url, token, "roof");
      return points.length > before ? true : undefined;
    });
  },
);

interface Box {
  readonly config: string;
  readonly slots: string;
  readonly data: string;
}

/** A node's files: its configuration, the gateway's public keys, and the old executable in slot a. */
async function nodeBox(folder: string, url: string, key: string, keys: string, inverterPort: number): Promise<Box> {
  const box = { config: join(folder, "ecowatt.yaml"), slots: join(folder, "slots"), data: join(folder, "node") };
  await Deno.mkdir(join(folder, "keys"), { mode: 0o700 });
  for (const name of ["signing_public.pem", "image_aes.key", "chunk_hmac.key"]) {
    await Deno.copyFile(join(keys, name), join(folder, "keys", name));
  }
  await Deno.mkdir(join(box.slots, "a"), { recursive: true });
  await Deno.copyFile(old ?? "", join(box.slots, "a", "ecowatt"));
  await Deno.symlink("a", join(box.slots, "current"));
  const text = `node:
  device_id: roof
  gateway: ${url}
  key: "${key}"
  poll_interval: 0.2s
  upload_interval: 1s
  buses:
    - tcp: { host: 127.0.0.1, port: ${inverterPort} }
      inverters: [{ unit: 17, profile: ecowatt }]
update:
  keys: ${folder}/keys
  interval: 1m
  soak: 2s
  confirm_within: 60s
`;
  await Deno.writeTextFile(box.config, text, { mode: 0o600 });
  return box;
}

/** Runs the node under the boot guard and starts it again whenever it ends, as systemd does. */
function guarded(box: Box): { said(): string; says(pattern: RegExp): Promise<unknown> } & AsyncDisposable {
  let stopped = false;
  let process: Running | undefined;
  let said = "";
  const running = (async () => {
    while (!stopped) {
      const args = ["node", "--config", box.config, "--data-dir", box.data];
      await using node = start([box.slots, "/nonexistent", ...args], { program: [GUARD] });
      process = node;
      await node.exit;
      said += node.out() + node.err();
    }
  })();
  return {
    says: (pattern) => process?.says(pattern) ?? Promise.reject(new Error("the node never started")),
    said: () => said + (process ? process.out() + process.err() : ""),
    async [Symbol.asyncDispose]() {
      stopped = true;
      await process?.kill("SIGTERM");
      await running;
    },
  };
}
