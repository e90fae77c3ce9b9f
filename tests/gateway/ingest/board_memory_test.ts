import assert from "node:assert/strict";
import { NEW_BOARD } from "../../../gateway/boards/board_state.ts";
import { createBoardMemory } from "../../../gateway/ingest/board_memory.ts";

/** A memory over texts that a test changes. */
function setUp() {
  const texts = new Map<number, string>();
  const memory = createBoardMemory({ load: (row) => texts.get(row), save: (row, text) => void texts.set(row, text) });
  return { texts, memory };
}

Deno.test("the state that was written last is the one that is read, without its text being read anew", () => {
  const { memory } = setUp();
  const state = { ...NEW_BOARD, boot: 3 };
  memory.save(1, state);
  assert.equal(memory.load(1), state);
  assert.equal(memory.load(2), NEW_BOARD);
});

Deno.test("after a transaction that was undone, and one of another process, the state is that of the store", () => {
  const { texts, memory } = setUp();
  memory.save(1, { ...NEW_BOARD, boot: 3 });
  const stored = texts.get(1) ?? assert.fail();
  memory.save(1, { ...NEW_BOARD, boot: 4 });
  texts.set(1, stored); // undone
  assert.equal(memory.load(1).boot, 3);
  texts.set(1, JSON.stringify({ ...NEW_BOARD, boot: 5 }));
  assert.equal(memory.load(1).boot, 5);
  texts.delete(1);
  assert.equal(memory.load(1), NEW_BOARD);
});

Deno.test("a state that cannot be read is that of a new board", () => {
  const { texts, memory } = setUp();
  texts.set(1, "{");
  assert.equal(memory.load(1), NEW_BOARD);
});
