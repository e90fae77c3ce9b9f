import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { utf8 } from "../../crypto/bytes.ts";
import { command, killGroup, type Running, start, until } from "./process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { ask, output, startGateway } from "./site.ts";

const GUARD = fileURLToPath(new URL("../../packaging/boot-guard", import.meta.url));

/** The program under test, as a shell starts it. */
export const PRODUCT = shellWords(command());

/** Words that a shell takes for a command. */
export function shellWords(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(" ");
}

/** An image: a script that says it is that version, and then does `body`, which finds its arguments in `"$@"`. */
export function script(version: string, body: string, filling = 0): Uint8Array<ArrayBuffer> {
  const about = JSON.stringify({ model: "ecowatt", version, os: Deno.build.os, arch: Deno.build.arch });
  return utf8(
    `#!/bin/sh\n[ "$1" = version ] && { echo '${about}'; exit 0; }\n${body}\n${
      `# ${"x".repeat(60)}\n`.repeat(filling)
    }`,
  );
}

/** Where a device is with its firmware, as the gateway tells it. */
export interface DeviceFirmware {
  readonly state: string;
  readonly version: string | null;
  readonly reason: string | null;
  readonly percentage: number;
  readonly events: readonly { readonly version: string; readonly kind: string; readonly detail: string | null }[];
}

/** A real gateway with its firmware repository, and boxes that get their updates from it. */
export interface UpdateSite extends AsyncDisposable {
  readonly folder: string;
  /** Of the gateway. */
  pid(): number;
  readonly url: string;
  readonly port: number;
  readonly token: string;
  /** Signs and adds an image; the version names it. */
  release(version: string, image: Uint8Array<ArrayBuffer>, chunkSize?: number): Promise<void>;
  /** Offers a version to a device. */
  offer(device: string, version: string): Promise<void>;
  firmware(device: string): Promise<DeviceFirmware>;
  /** The device's update, once it has come to an end. */
  ended(device: string): Promise<DeviceFirmware>;
  post(path: string, body: unknown): Promise<Record<string, unknown>>;
  /** Stops the gateway, and starts it again on the same port. */
  away(): Promise<void>;
  back(): Promise<void>;
}

const OVER = ["confirmed", "rolled_back", "failed"];

/** Starts one on a free port. */
export async function updateSite(): Promise<UpdateSite> {
  const directory = await temporaryDirectory();
  const data = join(directory.path, "gateway-data");
  const local = ["--data-dir", data];
  let gateway = await startGateway(data);
  await output(["keys", "generate", ...local]);
  const token = await output(["token", "create", "test", "--role", "admin", ...local]);
  const { url } = gateway;
  const port = Number(new URL(url).port);
  const firmware = (device: string) => ask<DeviceFirmware>(url, token, `/api/v1/devices/${device}/firmware`);
  const post = async (path: string, body: unknown, type = "application/json") => {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": type },
      body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body),
    });
    const text = await response.text();
    assert.ok(response.ok, `${path}: ${response.status}: ${text}`);
    return JSON.parse(text);
  };
  return {
    folder: directory.path,
    pid: () => gateway.process.pid,
    url,
    port,
    token,
    firmware,
    post,
    async release(version, image, chunkSize = 1024) {
      const query = `model=ecowatt&version=${version}&chunk_size=${chunkSize}`;
      await post(`/api/v1/firmware?${query}`, image, "application/octet-stream");
    },
    offer: async (device, version) =>
      void await post("/api/v1/rollouts", { model: "ecowatt", version, devices: [device] }),
    ended: (device) =>
      until(`the end of the update of ${device}`, async () => {
        const found = await firmware(device);
        return OVER.includes(found.state) ? found : undefined;
      }),
    away: async () => void await gateway.process.kill("SIGTERM"),
    async back() {
      gateway = await startGateway(data, port);
    },
    async [Symbol.asyncDispose]() {
      await gateway.process.kill("SIGKILL");
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** What a box is started with. */
export interface BoxOptions {
  readonly inverter: number;
  /** Lines of the section `update:`. */
  readonly update?: readonly string[];
  /** Lines below a bus. */
  readonly bus?: readonly string[];
  /** Where the gateway is found; default: where it is. */
  readonly gateway?: string;
  /** What takes the place of the new image on the disk before its first start. */
  readonly corrupted?: Uint8Array;
}

/** A node under the boot guard with the old image in slot a, started again whenever it ends, as systemd does. */
export interface Box extends AsyncDisposable {
  readonly slots: string;
  readonly dataDir: string;
  /** The boot guard, or the image that has proved itself, which takes its place. */
  pid(): number | undefined;
  /** Everything that it said. */
  said(): string;
  /** Has the running image look for an update. */
  look(): void;
  /** Cuts the power: all of its processes are killed at once; it is switched on again. */
  powerCycle(): Promise<void>;
}

/** Adds the device to the gateway and switches the box on. */
export async function openBox(site: UpdateSite, device: string, options: BoxOptions): Promise<Box> {
  const folder = join(site.folder, device);
  const slots = join(folder, "slots");
  const { key } = await site.post("/api/v1/devices", { device_id: device, model: "ecowatt" }) as {
    key: { key: string };
  };
  await furnish(site, folder, device, { ...options, key: key.key });
  let stopped = false;
  let before = "";
  let node: Running | undefined;
  const running = (async () => {
    while (!stopped) {
      if (options.corrupted && await exists(join(slots, "trial"))) {
        await Deno.writeFile(join(slots, "b/ecowatt"), options.corrupted, { mode: 0o755 });
      }
      const args = ["node", "--config", join(folder, "ecowatt.yaml"), "--data-dir", folder];
      await using process = start([slots, "/nonexistent", ...args], {
        program: [GUARD],
        group: true,
      });
      node = process;
      await process.exit;
      before += process.out() + process.err();
    }
  })();
  return {
    slots,
    dataDir: folder,
    pid: () => node?.pid,
    said: () => before + (node ? node.out() + node.err() : ""),
    look: () => Deno.writeTextFileSync(join(slots, "wanted"), "\n"),
    async powerCycle() {
      const cut = node;
      if (!cut) return;
      killGroup(cut);
      await until("the next start", () => Promise.resolve(node === cut ? undefined : true));
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      if (node) killGroup(node);
      await running;
    },
  };
}

async function furnish(
  site: UpdateSite,
  folder: string,
  device: string,
  { inverter, update = [], bus = [], gateway = site.url, key }: BoxOptions & { readonly key: string },
): Promise<void> {
  const keys = join(folder, "keys");
  await Deno.mkdir(join(folder, "slots/a"), { recursive: true, mode: 0o700 });
  await Deno.mkdir(keys, { mode: 0o700 });
  for (const name of ["signing_public.pem", "image_aes.key", "chunk_hmac.key"]) {
    await Deno.copyFile(join(site.folder, "gateway-data/gateway/firmware-keys/default", name), join(keys, name));
  }
  await Deno.writeTextFile(join(folder, "slots/a/ecowatt"), `#!/bin/sh\nexec ${PRODUCT} "$@"\n`, { mode: 0o755 });
  await Deno.symlink("a", join(folder, "slots/current"));
  const text = `node:
  device_id: ${device}
  gateway: ${gateway}
  key: "${key}"
  poll_interval: 0.1s
  upload_interval: 1s
  buses:
    - tcp: { host: 127.0.0.1, port: ${inverter} }
      inverters: [{ unit: 17, profile: ecowatt }]
${bus.map((line) => `      ${line}\n`).join("")}update:
  keys: ${keys}
  interval: 1m
${
    ["soak: 1s", "attempts: 2", "confirm_within: 60s"].filter((line) => !update.some((own) => sameKey(own, line)))
      .concat(update)
      .map((line) => `  ${line}\n`).join("")
  }`;
  await Deno.writeTextFile(join(folder, "ecowatt.yaml"), text, { mode: 0o600 });
}

function sameKey(one: string, other: string): boolean {
  return one.split(":")[0] === other.split(":")[0];
}

export async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** The head of an ELF executable for the processor that this machine has not. */
export function foreignElf(): Uint8Array<ArrayBuffer> {
  const machine = Deno.build.arch === "aarch64" ? 0x3e : 0xb7;
  const head = new Uint8Array(4096);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.set([2, 0, machine, 0], 16);
  return head;
}
