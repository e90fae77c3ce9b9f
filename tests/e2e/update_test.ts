import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bytes, toHex, utf8 } from "../../crypto/bytes.ts";
import { type DeviceRoute, deviceRoute, jsonAnswer } from "../../gateway/http/device_route.ts";
import { CheckRequest, ChunkRequest, CompleteRequest, VerifyRequest } from "../../ota/manifest/messages.ts";
import { slotFiles } from "../../ota/slots/files.ts";
import { loadState } from "../../ota/slots/state.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { type DeviceGateway, startDeviceGateway } from "../fakes/device_gateway.ts";
import { register } from "../fakes/gateway_store.ts";
import { chunkAnswer, firmwarePem, type Release, release } from "../fakes/firmware.ts";
import { NotifySocket } from "../fakes/notify_socket.ts";
import { type CuttingProxy, cuttingProxy } from "../fakes/cutting_proxy.ts";
import { countingInverter } from "./counting_inverter.ts";
import { program, testWith } from "../needs.ts";
import { command, run, type Running, start, until } from "./process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";

const GUARD = fileURLToPath(new URL("../../packaging/boot-guard", import.meta.url));
const ABOUT = JSON.stringify({ model: "ecowatt", version: "2.0.0", os: Deno.build.os, arch: Deno.build.arch });

/** An image: a script that says its version as the product does, and then is the product, or something else. */
function image(body: string, filling = 0): Uint8Array<ArrayBuffer> {
  const padding = `# ${"x".repeat(60)}\n`.repeat(filling);
  return utf8(`#!/bin/sh\n[ "$1" = version ] && { echo '${ABOUT}'; exit 0; }\n${body}\n${padding}`);
}

const PRODUCT = `exec ${command().map((word) => `'${word}'`).join(" ")} "$@"`;

/** The firmware paths of a gateway that offers one release. */
function otaRoutes(offered: Release, heard: Heard): readonly DeviceRoute[] {
  const said = { status: "success", message: "noted" };
  return [
    deviceRoute(
      "/ota/check",
      CheckRequest,
      ({ body }) =>
        jsonAnswer(
          200,
          (body.sequence ?? 0) >= offered.manifest.sequence
            ? { update_available: false, message: "up to date" }
            : { update_available: true, ...offered.manifest, ...offered.signed },
        ),
    ),
    deviceRoute("/ota/chunk", ChunkRequest, ({ body }) => {
      heard.chunks.push(body.chunk_number);
      return async () => jsonAnswer(200, await chunkAnswer(offered, body.chunk_number));
    }),
    deviceRoute("/ota/verify", VerifyRequest, ({ body }) => {
      heard.verified.push(body);
      return jsonAnswer(200, said);
    }),
    deviceRoute("/ota/complete", CompleteRequest, ({ body }) => {
      heard.complete.push(body);
      return jsonAnswer(200, said);
    }),
  ];
}

interface Heard {
  readonly chunks: number[];
  readonly verified: VerifyRequest[];
  readonly complete: CompleteRequest[];
}

interface BoxOptions {
  readonly inverter: number;
  readonly update?: string;
  readonly window?: string;
  readonly way?: (port: number) => string;
  readonly env?: Record<string, string>;
}

/** A box: a node with the old image under the boot guard, restarted as systemd does, and its gateway. */
class Box implements AsyncDisposable {
  readonly slots: string;
  readonly #folder: string;
  readonly #env: Record<string, string>;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #node: Running | undefined;
  said = "";

  static async open(folder: string, offered: Release, options: BoxOptions): Promise<Box> {
    const heard: Heard = { chunks: [], verified: [], complete: [] };
    const gateway = startDeviceGateway({ routes: otaRoutes(offered, heard) });
    const device = { deviceId: DeviceId.parse("roof"), model: "ecowatt", auth: "signed" } as const;
    const { key } = await register(gateway.store.devices, device);
    return new Box(folder, heard, gateway, key.raw, options);
  }

  private constructor(
    folder: string,
    readonly heard: Heard,
    readonly gateway: DeviceGateway,
    key: Bytes,
    options: BoxOptions,
  ) {
    this.#folder = folder;
    this.#env = options.env ?? {};
    this.slots = join(folder, "slots");
    this.#write("keys/signing_public.pem", firmwarePem);
    this.#write("keys/image_aes.key", "03".repeat(32));
    this.#write("keys/chunk_hmac.key", "04".repeat(32));
    this.#write(
      "ecowatt.yaml",
      `node:
  device_id: roof
  gateway: ${options.way?.(this.gateway.port) ?? this.gateway.url}
  key: "${toHex(key)}"
  poll_interval: 0.1s
  upload_interval: 1s
  buses:
    - tcp: { host: 127.0.0.1, port: ${options.inverter} }
      inverters: [{ unit: 17, profile: ecowatt }]
update:
  keys: ${folder}/keys
  soak: 1s
  interval: 1m
  attempts: 2
  confirm_within: ${options.window ?? "60s"}
${options.update ?? ""}`,
    );
    this.#write("slots/a/ecowatt", `#!/bin/sh\n${PRODUCT}\n`, 0o755);
    Deno.symlinkSync("a", join(this.slots, "current"));
    this.#write("slots/wanted", "\n");
    this.#running = this.#keepRunning();
  }

  /** Kills the node, or whatever runs in its place. */
  kill(): void {
    void this.#node?.kill("SIGKILL");
  }

  async end(): Promise<CompleteRequest> {
    return await until("the end of the update", () => Promise.resolve(this.heard.complete[0])).catch((error) => {
      throw new Error(`${error}\n${this.said}${this.#node?.err()}`);
    });
  }

  async #keepRunning(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const args = ["node", "--config", join(this.#folder, "ecowatt.yaml"), "--data-dir", this.#folder];
      await using node = start([this.slots, join(this.#folder, "installed"), ...args], {
        program: [GUARD],
        env: this.#env,
      });
      this.#node = node;
      await node.exit;
      this.said += node.err();
    }
  }

  #write(name: string, text: string, mode = 0o600): void {
    const path = join(this.#folder, name);
    Deno.mkdirSync(join(path, ".."), { recursive: true });
    Deno.writeTextFileSync(path, text);
    Deno.chmodSync(path, mode);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    void this.#node?.kill("SIGTERM");
    await this.#running;
    await this.gateway[Symbol.asyncDispose]();
  }
}

Deno.test("a good image is downloaded, tried, confirmed and reported; its sequence is the floor", async () => {
  await using folder = await temporaryDirectory();
  await using inverter = countingInverter();
  await using box = await Box.open(folder.path, await release(image(PRODUCT)), { inverter: inverter.port });
  assert.equal((await box.end()).boot_status, "success");
  assert.equal(Deno.readLinkSync(join(box.slots, "current")), "b");
  assert.equal((await loadState(await slotFiles(box.slots))).floor, 2);
  assert.deepEqual(box.heard.verified.map(({ verified }) => verified), [true]);
  const checked = await run(["update", "now", "--data-dir", folder.path]);
  assert.deepEqual([checked.code, checked.out.split("\n")[1]], [0, "up to date"], checked.err);
  const status = await run(["update", "status", "--data-dir", folder.path]);
  assert.match(status.out, /^Slot +b\nFloor +sequence 2$/m);
});

testWith(
  [program("systemd-notify", "systemd")],
  "systemd hears of the restart into the new image, and from that one that it is ready",
  async () => {
    await using folder = await temporaryDirectory();
    await using inverter = countingInverter();
    await using socket = new NotifySocket(join(folder.path, "notify"));
    const env = { NOTIFY_SOCKET: socket.address, WATCHDOG_USEC: "30000000" };
    await using box = await Box.open(folder.path, await release(image(PRODUCT)), { inverter: inverter.port, env });
    assert.equal((await box.end()).boot_status, "success");
    const lines = socket.heard().join("\n").split("\n");
    const told = ["READY=1", "STOPPING=1", "STATUS=trying the update in slot b", "READY=1"];
    assert.deepEqual(lines.filter((line) => told.includes(line)), told);
    assert.ok(lines.includes("STATUS=stopping: an update waits for its start"), lines.join("\n"));
  },
);

Deno.test("a node that is killed five times on the way asks for one chunk more each time at most", async () => {
  await using folder = await temporaryDirectory();
  await using inverter = countingInverter();
  const big = await release(image(PRODUCT, 1200), { chunk_size: 1024 });
  const options = { inverter: inverter.port, update: "  rate_limit: 20KiB\n" };
  await using box = await Box.open(folder.path, big, options);
  for (let kill = 1; kill <= 5; kill++) {
    await until("more chunks", () => Promise.resolve(box.heard.chunks.length > 10 * kill ? true : undefined));
    box.kill();
  }
  assert.equal((await box.end()).boot_status, "success");
  assert.ok(new Set(box.heard.chunks).size === big.manifest.total_chunks);
  assert.ok(box.heard.chunks.length <= big.manifest.total_chunks + 5, `asked for ${box.heard.chunks}`);
});

Deno.test("the network is cut at 30 random bytes: the update arrives, at the cost of one chunk a cut at most", async () => {
  await using folder = await temporaryDirectory();
  await using inverter = countingInverter();
  const big = await release(image(PRODUCT, 1200), { chunk_size: 1024 });
  await using ways = new AsyncDisposableStack();
  const cutting: CuttingProxy[] = [];
  let downloading = () => false;
  const way = (port: number) => {
    const proxy = ways.use(
      cuttingProxy(port, {
        most: 30,
        budget: () => Math.floor(200 + 6000 * Math.random()),
        active: () => downloading(),
      }),
    );
    cutting.push(proxy);
    return proxy.url;
  };
  await using box = await Box.open(folder.path, big, { inverter: inverter.port, way });
  downloading = () => box.heard.chunks.length > 0;
  assert.equal((await box.end()).boot_status, "success");
  assert.ok((cutting[0]?.cuts() ?? 0) >= 30);
  assert.ok(box.heard.chunks.length <= big.manifest.total_chunks + 30, `${box.heard.chunks.length} requests`);
});
