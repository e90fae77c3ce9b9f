import assert from "node:assert/strict";
import { utf8 } from "../../crypto/bytes.ts";
import {
  addSigned,
  type Answered,
  blockOf,
  type DeviceGateway,
  type Post,
  send,
  signedPost,
  someSamples,
  startDeviceGateway,
  storedSamples,
  upload,
} from "../fakes/device_gateway.ts";
import { register } from "../fakes/gateway_store.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import type { DeviceKey } from "../../protocol/device_signature.ts";

export const testKey = utf8("test key of a board, 32 bytes ...").slice(0, 32);

/** A gateway with a node and a board, and what a table's rows build their requests from. */
export interface Bench extends AsyncDisposable {
  readonly gateway: DeviceGateway;
  readonly key: DeviceKey;
  next(): number;
}

export async function bench(): Promise<Bench> {
  const gateway = startDeviceGateway();
  const key = await addSigned(gateway.store, "roof");
  await register(gateway.store.devices, {
    deviceId: DeviceId.parse("board"),
    model: "esp32",
    auth: "legacy",
    wireId: "ESP32",
    key: testKey,
  });
  let sequence = 0;
  return { gateway, key, next: () => ++sequence, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() };
}

let blocks = 0;
/** A number for a block that was not used before. */
export const nextBlock = () => ++blocks;
export const goodUpload = () => upload("roof", blockOf(nextBlock(), someSamples()));
export const goodPost = ({ gateway, key, next }: Bench) => signedPost(gateway, key, next(), goodUpload());

export function checkProblem(answer: Answered, status: number): void {
  assert.equal(answer.status, status, JSON.stringify(answer.json));
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  for (const key of ["type", "title", "detail", "error", "message"]) {
    assert.equal(typeof answer.json[key], "string", key);
  }
  assert.equal(answer.json.status, status);
  if (status === 401) assert.ok(answer.headers.get("www-authenticate"));
  assert.doesNotMatch(JSON.stringify(answer.json), /\bat .*\.ts:|SQLITE|stack/);
}

export async function stillWorks(b: Bench): Promise<void> {
  const before = storedSamples(b.gateway.store);
  const answer = await send(b.gateway, goodPost(b));
  assert.equal(answer.status, 200);
  assert.equal(storedSamples(b.gateway.store), before + 5);
}

/** Runs each row against one gateway: the status, nothing stored, and a good request right after it. */
export function table(
  name: string,
  rows: readonly (readonly [string, number, (b: Bench) => Post | Promise<Post>])[],
): void {
  Deno.test(name, async (t) => {
    await using b = await bench();
    for (const [row, status, build] of rows) {
      await t.step(`${row}: ${status}`, async () => {
        const before = storedSamples(b.gateway.store);
        checkProblem(await send(b.gateway, build(b)), status);
        assert.equal(storedSamples(b.gateway.store), before);
        await stillWorks(b);
      });
    }
  });
}

export const withHeaders = (change: Record<string, string | undefined>) => async (b: Bench): Promise<Post> => {
  const post = await goodPost(b);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...post.headers, ...change })) {
    if (value !== undefined) headers[name] = value;
  }
  return { ...post, headers };
};

export const editHeader = (name: string, edit: (value: string) => string) => async (b: Bench): Promise<Post> => {
  const post = await goodPost(b);
  return { ...post, headers: { ...post.headers, [name]: edit(post.headers[name] ?? "") } };
};
