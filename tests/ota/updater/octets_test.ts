import assert from "node:assert/strict";
import { fromBase64 } from "../../../crypto/bytes.ts";
import { bring, consider } from "../../../ota/updater/install.ts";
import { chunkAnswer, FirmwareGateway, release } from "../../fakes/firmware.ts";
import { PowerFiles } from "../../fakes/power.ts";
import { installIo, NEW_IMAGE, newRelease } from "../machine.ts";

/** A chunk as the node's client hands on an answer of bytes. */
async function octets(number: number, of = newRelease) {
  const { chunk } = await chunkAnswer(of, number);
  const bytes = fromBase64(chunk.data) ?? assert.fail();
  return {
    octets: bytes,
    fields: { "x-chunk-number": String(number), "x-chunk-hmac": chunk.hmac, "x-total-chunks": "9" },
  };
}

/** What becomes of an image of which the chunks come so. */
async function brought(chunk: (number: number, request: number) => unknown) {
  const files = new PowerFiles();
  const gateway = new FirmwareGateway(newRelease);
  gateway.misbehave = async (path, n, request) =>
    path === "/ota/chunk" ? { kind: "ok", value: await chunk(n, request) } : undefined;
  const io = installIo(files, gateway);
  const wanted = await consider(newRelease.signed, io);
  assert.ok(wanted.ok);
  const result = await bring(wanted.value, io, new AbortController().signal);
  return {
    fault: result.ok ? "" : result.fault,
    image: await files.read("b/ecowatt") ?? await files.read("a/ecowatt"),
  };
}

Deno.test("an image comes in chunks of bytes, in JSON, and by turns", async () => {
  const ways: ((n: number) => unknown)[] = [
    (n) => octets(n),
    (n) => chunkAnswer(newRelease, n),
    (n) => n % 2 === 0 ? octets(n) : chunkAnswer(newRelease, n),
  ];
  for (const way of ways) assert.deepEqual(await brought(way), { fault: "", image: NEW_IMAGE });
});

Deno.test("bytes are believed no more than JSON", async () => {
  const other = await release(new Uint8Array(NEW_IMAGE.length).fill(35));
  const changed = async (n: number, fields: Record<string, string>) => {
    const good = await octets(n);
    return { ...good, fields: { ...good.fields, ...fields } };
  };
  const attacks: [string, (n: number) => unknown][] = [
    ["chunk_number", (n) => octets(n === 0 ? 1 : 0)],
    ["chunk_number", (n) => changed(n, { "x-chunk-number": "4000000000" })],
    ["chunk_hmac", (n) => changed(n, { "x-chunk-hmac": "0".repeat(64) })],
    ["chunk_hmac", async (n) => ({ ...await octets(n, other), fields: (await octets(n)).fields })],
    ["chunk_size", async (n) => ({ ...await octets(n), octets: new Uint8Array() })],
    ["chunk_size", async (n) => ({ ...await octets(n), octets: new Uint8Array(100_000) })],
  ];
  for (const [fault, chunk] of attacks) assert.deepEqual(await brought(chunk), { fault, image: undefined });
});

Deno.test("an answer that is no chunk at all is asked for again", async () => {
  const good = await octets(0);
  const broken: unknown[] = [
    { ...good, fields: {} },
    { ...good, octets: new Uint8Array(300_000) },
    { ...good, octets: "text" },
    { ...good, fields: { ...good.fields, "x-chunk-number": "-1" } },
  ];
  const result = await brought((n) => broken.shift() ?? octets(n));
  assert.deepEqual([result, broken.length], [{ fault: "", image: NEW_IMAGE }, 0]);
});
