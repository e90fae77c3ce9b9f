import assert from "node:assert/strict";
import { ReadyChunks } from "../../../ota/repository/ready_chunks.ts";
import { firmware } from "../../gateway/firmware/fleet.ts";

/** An image whose chunks are large: one at a time. */
const IMAGE = { ...firmware("2.0.0"), chunk_size: 262_144, total_chunks: 40 };

/** Chunks of one byte, and the numbers that were loaded. */
function counted(there: (number: number) => Promise<boolean> = () => Promise.resolve(true)) {
  const loaded: number[] = [];
  const chunks = new ReadyChunks(async (_, { from, to }) => {
    const numbers = Array.from({ length: to - from }, (_, i) => from + i);
    loaded.push(...numbers);
    if (!await there(from)) return undefined;
    return numbers.map((number) => ({ data: Uint8Array.of(number), hmac: "", digest: "" }));
  });
  return { chunks, loaded };
}

Deno.test("the next chunk is ready before it is asked for, and a chunk is loaded once for a whole wave", async () => {
  const { chunks, loaded } = counted();
  for (let number = 0; number < 40; number++) {
    assert.equal(loaded.includes(number), number > 0);
    for (const _device of [1, 2, 3]) assert.deepEqual((await chunks.get(IMAGE, number))?.data, Uint8Array.of(number));
  }
  assert.deepEqual(loaded, Array.from({ length: 40 }, (_, number) => number));
});

Deno.test("sixteen chunks are kept, and chunks of another image are others", async () => {
  const { chunks, loaded } = counted();
  for (let number = 0; number < 40; number += 2) await chunks.get(IMAGE, number);
  loaded.length = 0;
  await chunks.get(IMAGE, 39);
  assert.deepEqual(loaded, []);
  await chunks.get(IMAGE, 0);
  await chunks.get({ ...IMAGE, iv: "another" }, 39);
  assert.deepEqual(loaded, [0, 1, 39]);
});

Deno.test("small chunks are loaded four at a time, and no more bytes than one large one has", async () => {
  const cases = [[65_536, [0, 1, 2, 3], [4, 5, 6, 7]], [16, [0, 1, 2, 3], [4, 5, 6, 7]], [100_000, [0, 1], [
    2,
    3,
  ]]] as const;
  for (const [chunk_size, first, next] of cases) {
    const { chunks, loaded } = counted();
    assert.deepEqual((await chunks.get({ ...IMAGE, chunk_size }, 1))?.data, Uint8Array.of(1));
    assert.deepEqual(loaded, [...first, ...next], `${chunk_size}`);
  }
});

Deno.test("the last chunks are as many as there are, and behind them is none", async () => {
  const { chunks, loaded } = counted();
  const image = { ...IMAGE, chunk_size: 65_536, total_chunks: 6 };
  assert.deepEqual((await chunks.get(image, 5))?.data, Uint8Array.of(5));
  assert.equal(await chunks.get(image, 6), undefined);
  assert.equal(await chunks.get(image, 7), undefined);
  assert.deepEqual(loaded, [4, 5]);
});

Deno.test("a chunk that is not there, or cannot be read, is looked for again", async () => {
  let there = false;
  const { chunks, loaded } = counted((number) => {
    return number === 7 ? Promise.reject(new Error("a broken disk")) : Promise.resolve(there);
  });
  assert.equal(await chunks.get(IMAGE, 6), undefined);
  await assert.rejects(async () => await chunks.get(IMAGE, 7), /broken disk/);
  there = true;
  assert.deepEqual((await chunks.get(IMAGE, 6))?.data, Uint8Array.of(6));
  await assert.rejects(async () => await chunks.get(IMAGE, 7), /broken disk/);
  assert.deepEqual(loaded.filter((number) => number === 6), [6, 6]);
});
