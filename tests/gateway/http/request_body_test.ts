import { FakeClock } from "../../fakes/clock.ts";
import assert from "node:assert/strict";
import { Fault } from "../../../gateway/fault.ts";
import { createBodyReader } from "../../../gateway/http/request_body.ts";

const KIB = 1024;
const LIMITS = { maxBytes: 1024 * KIB, heldBytes: 1024 * KIB, timeoutMs: 60_000 };

/** A request whose body comes as the test lets it come. */
function slowly() {
  const { readable, writable } = new TransformStream<Uint8Array>();
  const request = new Request("http://gateway.test/process", { method: "POST", body: readable });
  return { request, writer: writable.getWriter() };
}

function whole(bytes: number): Request {
  const headers = { "content-length": String(bytes) };
  return new Request("http://gateway.test/process", { method: "POST", headers, body: new Uint8Array(bytes) });
}

const isFull = (error: unknown) => error instanceof Fault && error.code === "unavailable" && error.retryAfter === 5;

Deno.test("large bodies that do not end keep out other large ones, never small ones, until who sends them goes away", async () => {
  using stop = stopper();
  const read = createBodyReader(LIMITS, { clock: new FakeClock(), signal: stop.signal });
  const { request, writer } = slowly();
  const stalled = read(request);
  await writer.write(new Uint8Array(600 * KIB)); // has been read when this resolves
  await assert.rejects(read(whole(500 * KIB)), isFull);
  assert.equal((await read(whole(400 * KIB))).length, 400 * KIB);
  assert.equal((await read(whole(64 * KIB))).length, 64 * KIB);
  await writer.abort(new Error("gone"));
  await assert.rejects(stalled, { code: "malformed" });
  assert.equal((await read(whole(1024 * KIB))).length, 1024 * KIB);
});

Deno.test("a large body that is too slow gives its room back, and what comes of it later takes none", async () => {
  const clock = new FakeClock();
  using stop = stopper();
  const read = createBodyReader(LIMITS, { clock, signal: stop.signal });
  const { request, writer } = slowly();
  const stalled = read(request);
  await writer.write(new Uint8Array(600 * KIB));
  const refused = assert.rejects(stalled, { code: "malformed" });
  await clock.advance(LIMITS.timeoutMs);
  await refused;
  assert.equal((await read(whole(1024 * KIB))).length, 1024 * KIB);
  await assert.rejects(writer.write(new Uint8Array(100 * KIB)).then(() => writer.closed));
  assert.equal((await read(whole(1024 * KIB))).length, 1024 * KIB);
});

function stopper(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  return { signal: controller.signal, [Symbol.dispose]: () => controller.abort() };
}
