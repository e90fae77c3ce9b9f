import assert from "node:assert/strict";
import { testWith } from "../../needs.ts";
import { BOARD_FILES } from "../../ota/fixture.ts";
import { createBoard } from "./board.ts";
import { startFirmware } from "./fixture.ts";

testWith(
  Object.values(BOARD_FILES),
  "a board goes from 1.0.3 to 1.0.4 with the real image, and its next check says so",
  async () => {
    await using fixture = await startFirmware();
    const { gateway } = fixture;
    await gateway.addBoard("board-1");
    await gateway.boardUpload(1);
    await fixture.importBoard();
    const board = createBoard(gateway);
    assert.equal(await board.update(), "none", "nothing is offered before a rollout says so");
    const id = await fixture.rollOut({ model: "esp32", version: "1.0.4", attempts: 3, backoff_s: 60 });
    assert.equal(await board.update(400), "broken");
    assert.equal((await fixture.update("board-1")).chunks_received, 400);
    assert.equal(await board.update(), "none", "after a failure it has to wait");
    await gateway.clock.advance(80_000);
    assert.equal(await board.update(), "restarted");
    assert.equal((await fixture.rollout(id)).phase, "running", "nothing is proven by a download");
    assert.equal(await board.update(), "none");
    assert.equal((await fixture.rollout(id)).phase, "done");
    const { state, current_version, events } = await fixture.update("board-1");
    assert.deepEqual([state, current_version], ["confirmed", "1.0.4"]);
    const kinds = events.map(({ kind, detail }: { kind: string; detail: string }) => `${kind} ${detail}`).toReversed();
    assert.deepEqual(kinds, [
      `offered rollout ${id}`,
      "downloading 25 %",
      "failed broke off after 400 of 1000 chunks",
      `offered rollout ${id}`,
      "downloading 25 %",
      "downloading 50 %",
      "downloading 75 %",
      "downloading 100 %",
      "confirmed it runs the new version",
    ]);
  },
);

testWith(
  Object.values(BOARD_FILES),
  "a gateway that is restarted in the middle of a download costs no attempt",
  async () => {
    await using fixture = await startFirmware();
    const { gateway } = fixture;
    await gateway.addBoard("board-1");
    await gateway.boardUpload(1);
    await fixture.importBoard();
    const board = createBoard(gateway);
    const id = await fixture.rollOut({ model: "esp32", version: "1.0.4", attempts: 1, backoff_s: 60 });
    for (let restart = 0; restart < 3; restart++) {
      assert.equal(await board.update(300), "broken");
      await gateway.clock.advance(1_000);
      await gateway.restart();
      await gateway.clock.advance(60_000);
    }
    assert.equal(await board.update(), "restarted");
    assert.equal(await board.update(), "none");
    assert.equal((await fixture.rollout(id)).phase, "done");
  },
);
