import assert from "node:assert/strict";
import { fromBase64 } from "../../../crypto/bytes.ts";
import { decryptAesCbc, importAesKey } from "../../../crypto/aes_cbc.ts";
import { importRsaPublicKey, verifyRsa } from "../../../crypto/rsa.ts";
import { verifyChunkHmac } from "../../../ota/chunks/chunk_hmac.ts";
import { importChunkKey } from "../../../keys/chunk_key.ts";
import { MAX_BOARD_ANSWER_BYTES, MAX_BOARD_IMAGE_BYTES } from "../../../ota/manifest/limits.ts";
import { testWith } from "../../needs.ts";
import { BOARD_FILES, boardKeys } from "../../ota/fixture.ts";
import type { Running } from "../command/running.ts";
import { startFirmware } from "./fixture.ts";

/** A board as contract/2-boards §8 describes it. */
function createBoard(gateway: Running, version = "1.0.3") {
  const board = { version, downloads: 0, check, update };
  async function check() {
    const answer = await gateway.board("/ota/check", { current_version: board.version });
    assert.equal(answer.status, 200);
    assert.ok(answer.bytes <= MAX_BOARD_ANSWER_BYTES);
    assert.equal(answer.headers.get("content-length"), String(answer.bytes));
    return answer.json;
  }
  /** Checks, and downloads what there is; `until` breaks off before that chunk. */
  async function update(until = Infinity): Promise<"none" | "broken" | "restarted"> {
    const offer = await check();
    if (!offer.update_available) return "none";
    assert.ok(offer.encrypted_size <= MAX_BOARD_IMAGE_BYTES && offer.total_chunks <= 65_535);
    const keys = await boardKeys();
    const image = new Uint8Array(offer.encrypted_size);
    let size = 0;
    for (let n = 0; n < offer.total_chunks; n++) {
      if (n === until) return "broken";
      const answer = await gateway.board("/ota/chunk", { version: offer.version, chunk_number: n });
      if (answer.status !== 200) return "broken";
      assert.ok(answer.bytes <= MAX_BOARD_ANSWER_BYTES, `${answer.bytes} bytes`);
      const { data, size: chunkSize, hmac } = answer.json.chunk;
      const chunk = fromBase64(data) ?? assert.fail();
      assert.equal(chunk.length, chunkSize);
      assert.ok(await verifyChunkHmac(await importChunkKey(keys.chunk, "board"), chunk, n, hmac));
      image.set(chunk, size);
      size += chunk.length;
    }
    const plain = await decryptAesCbc(await importAesKey(keys.aes), fromBase64(offer.iv) ?? assert.fail(), image) ??
      assert.fail();
    assert.equal(plain[0], 0xe9);
    assert.equal(plain.length, offer.original_size);
    const key = await importRsaPublicKey(keys.publicPem) ?? assert.fail();
    assert.ok(await verifyRsa(key, plain, fromBase64(offer.signature ?? "") ?? assert.fail()));
    board.version = offer.version;
    board.downloads++;
    return "restarted";
  }
  return board;
}

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
