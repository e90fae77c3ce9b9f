import assert from "node:assert/strict";
import { ReadyChunks } from "../../../ota/repository/ready_chunks.ts";
import { firmware } from "../../gateway/firmware/fleet.ts";

const IMAGE = { ...firmware("2.0.0"), total_chunks: 40 };

/** Chunks of one byte, and the numbers that were loaded. */
function counted(there: (number: number) => Promise<boolean> = () => Promise.resolve(true)) {
  const loaded: number[] = [];
  const chunks = new ReadyChunks(async (_, number) => {
    loaded.push(number);
    return await there(number) ? { data: Uint8Array.of(number), hmac: "", digest: "" } : undefined;
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
