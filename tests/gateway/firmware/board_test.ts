import assert from "node:assert/strict";
import { testWith } from "../../needs.ts";
import { BOARD_FILES } from "../../ota/fixture.ts";
import { createBoard } from "./board.ts";
import { startFirmware } from "./fixture.ts";

testWith(
  Object.values(BOARD_FILES),
  "a board that never runs the image is tried again, and then given up",
  async () => {
    await using fixture = await startFirmware();
    const { gateway } = fixture;
    await gateway.addBoard("board-1");
    await gateway.boardUpload(1);
    await fixture.importBoard();
    const id = await fixture.rollOut({ model: "esp32", version: "1.0.4", attempts: 2, backoff_s: 60, abort_after: 1 });
    const board = createBoard(gateway);
    assert.equal(await board.update(3), "broken");
    await board.check();
    await gateway.clock.advance(100_000);
    assert.equal(await board.update(3), "broken");
    await board.check();
    const { phase, reason, devices } = await fixture.rollout(id);
    assert.equal(phase, "aborted");
    assert.match(reason, /broke off after 3 of 1000 chunks/);
    assert.equal(devices[0].attempts, 2);
  },
);

testWith(
  Object.values(BOARD_FILES),
  "reports sent from a board's address decide nothing: boards do not sign",
  async () => {
    await using fixture = await startFirmware();
    const { gateway } = fixture;
    await gateway.addBoard("board-1");
    await gateway.boardUpload(1);
    await fixture.importBoard();
    const id = await fixture.rollOut({ model: "esp32", version: "1.0.4", abort_after: 1 });
    await createBoard(gateway).check();
    for (const boot_status of ["success", "rolled_back", "failed"]) {
      assert.equal((await gateway.board("/ota/complete", { version: "1.0.4", boot_status })).status, 200);
    }
    const { phase, counts } = await fixture.rollout(id);
    assert.equal(phase, "running");
    assert.equal(counts.offered, 1);
  },
);
