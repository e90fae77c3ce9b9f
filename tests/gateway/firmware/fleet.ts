import { getLogger } from "@logtape/logtape";
import { contentDigest } from "../../../crypto/content_digest.ts";
import { importHmacKey } from "../../../crypto/hmac.ts";
import { check, type OfferIo } from "../../../gateway/firmware/offer.ts";
import { fetchChunk } from "../../../gateway/firmware/download.ts";
import { takeComplete } from "../../../gateway/firmware/reports.ts";
import type { FirmwarePlan } from "../../../gateway/firmware/rollout_plan.ts";
import { createFirmwareRollouts, type FirmwareRollouts } from "../../../gateway/firmware/rollouts.ts";
import type { Stores } from "../../../gateway/store/stores.ts";
import type { Device } from "../../../gateway/store/devices.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { chunkHmac } from "../../../ota/chunks/chunk_hmac.ts";
import type { Firmware } from "../../../ota/manifest/firmware.ts";
import { success } from "../../../protocol/outcome.ts";
import type { FirmwareImages } from "../../../ota/repository/firmware_repository.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { openTestStores } from "../../fakes/stores.ts";

/** Small random numbers that a seed always gives (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const CHUNK = new Uint8Array(16);
const KEY = await importHmacKey(new Uint8Array(32));

/** An image of two chunks: what it does to a node is the fleet's affair. */
export function firmware(version: string): Firmware {
  return {
    model: "ecowatt-node",
    version,
    audience: "node",
    keys: "default",
    sequence: 2,
    original_size: 20,
    encrypted_size: 32,
    sha256_hash: "0".repeat(64),
    signature: "",
    iv: "",
    chunk_size: 16,
    total_chunks: 2,
    min_version: null,
    manifest: null,
    manifest_signature: null,
    added_at: 0,
  };
}

/** A simulated node: what it runs, and what it went through. */
export interface FleetNode {
  readonly device: Device;
  version: string;
  /** Images that it started: what a bad one could have harmed. */
  trials: number;
  /** Images that it will not try again. */
  readonly refused: Set<string>;
}

export interface FleetOptions {
  readonly size: number;
  readonly seed: number;
  /** Whether a version boots and passes its health check on a node. */
  readonly boots: (version: string) => boolean;
  /** The share of attempts at which a download breaks off, and of checks that a node misses. */
  readonly loss?: number;
}

/** Nodes against a gateway's real routes, stores and rollouts, without sockets and on a clock that the test moves. */
export interface Fleet extends AsyncDisposable {
  readonly nodes: readonly FleetNode[];
  readonly rollouts: FirmwareRollouts;
  readonly clock: FakeClock;
  /**
   * Every node checks once, or those at `places`, in an order of their own, and does what follows; then the gateway looks at its
   * rollouts.
   */
  round(minutes: number, places?: readonly number[]): Promise<void>;
  start(plan: Partial<FirmwarePlan>): Promise<number>;
  /** Nodes that started the image. */
  exposed(): number;
}

export async function openFleet({ size, seed, boots, loss = 0 }: FleetOptions): Promise<Fleet> {
  const folder = await Deno.makeTempDir();
  const { stores, db } = await openTestStores(folder);
  db.exec("PRAGMA synchronous = OFF"); // the simulation is about decisions, not about power cuts
  const clock = new FakeClock();
  const random = seeded(seed);
  const image = firmware("1.1.0");
  const images = imagesOf(image);
  const log = getLogger(["test"]);
  const rollouts = createFirmwareRollouts({ ...stores, firmware: images, clock, log });
  const io = { ...stores, firmware: images, firmwareRollouts: rollouts, log, upSince: 0 };
  const nodes = await register(stores, size, clock.now());
  return {
    nodes,
    rollouts,
    clock,
    async round(minutes, places) {
      clock.jump(clock.now() + 60_000 * minutes);
      const alive = places === undefined ? nodes : nodes.filter((_, place) => places.includes(place));
      const order = alive.map((node) => ({ node, at: random() })).toSorted((a, b) => a.at - b.at);
      const step = { io, now: clock.now(), random, boots, loss };
      await stores.commit.run(() => order.forEach(({ node }) => live(node, step)));
      await rollouts.tick();
    },
    async start(plan) {
      const base = { waves: [], attempts: 3, backoffMs: 600_000, timeoutMs: 86_400_000, jitterMs: 0, by: "test" };
      const { id } = await rollouts.start({
        firmware: { model: image.model, version: image.version },
        ...base,
        ...plan,
      });
      return id;
    },
    exposed: () => nodes.filter(({ trials }) => trials > 0).length,
    async [Symbol.asyncDispose]() {
      await stores[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function imagesOf(image: Firmware): FirmwareImages {
  return {
    list: () => [image],
    find: (model: string, version: string) => model === image.model && version === image.version ? image : undefined,
    chunk: async (_: Firmware, number: number) => ({
      data: CHUNK,
      hmac: await chunkHmac(KEY, CHUNK, number),
      digest: contentDigest(CHUNK),
    }),
    forOlderNodes: (firmware: Firmware) => Promise.resolve(success(firmware)),
  };
}

async function register(stores: Stores, size: number, now: number): Promise<readonly FleetNode[]> {
  const nodes = Array.from({ length: size }, (_, i) => {
    const deviceId = DeviceId.parse(`node-${String(i).padStart(4, "0")}`);
    return stores.devices.add({ deviceId, model: "ecowatt-node", auth: "signed" });
  });
  const adding = await Promise.all(nodes);
  return await stores.commit.run(() =>
    adding.map((add): FleetNode => ({ device: add(now).device, version: "1.0.0", trials: 0, refused: new Set() }))
  );
}

interface Step extends Pick<FleetOptions, "boots"> {
  readonly io: OfferIo;
  readonly now: number;
  readonly random: () => number;
  readonly loss: number;
}

/** One check of a node, the download, and the trial of the new image with its report. */
function live(node: FleetNode, { io, now, random, boots, loss }: Step): void {
  if (random() < loss) return; // it is away
  const { device } = node;
  const device_id = device.deviceId;
  const offer = check({ device, body: { device_id, current_version: node.version }, now }, io);
  if (!offer || node.refused.has(offer.version)) return;
  const { version } = offer;
  for (let number = 0; number < offer.total_chunks; number++) {
    if (random() < loss / 2) return; // the network went away: the next check goes on
    fetchChunk({ device, body: { device_id, version, chunk_number: number }, now }, io);
  }
  if (random() < loss / 4) {
    const body = { device_id, version, boot_status: "failed", reason: "the disk was full" } as const;
    return void takeComplete({ device, body, now }, io);
  }
  node.trials++;
  if (boots(version)) {
    node.version = version;
    return void takeComplete({ device, body: { device_id, version, boot_status: "success" }, now }, io);
  }
  node.refused.add(version);
  const body = { device_id, version, boot_status: "rolled_back", reason: "not confirmed in time" } as const;
  takeComplete({ device, body, now }, io);
}
