import assert from "node:assert/strict";
import { z } from "zod";
import { reference, testWith } from "../../needs.ts";
import { utf8 } from "../../../crypto/bytes.ts";
import { NEW_BOARD, parseBoardState } from "../../../gateway/boards/board_state.ts";
import { type DecodedUpload, decodeUpload } from "../../../gateway/boards/upload.ts";
import { parseUploadBody } from "../../../gateway/boards/upload_body.ts";

const uploadFile = reference("esp32/uploads-shared.json");

const Uploads = z.object({
  uploads: z.array(z.object({
    id: z.string(),
    boot: z.string(),
    expect: z.string(),
    body: z.string(),
    body_is_valid_json: z.boolean(),
    packets_on_device: z.int(),
    packets_complete_in_body: z.int(),
    packets: z.array(z.object({
      timestamp_ms: z.int(),
      samples: z.array(z.array(z.int())),
      decode: z.object({ exact: z.boolean() }),
    })),
  })),
});

type Recorded = z.infer<typeof Uploads>["uploads"][number];

/** Replays the uploads in order, each 15 s after the one before, the state through its JSON each time. */
function replay(): { recorded: Recorded; upload: DecodedUpload; boot: number; arrival: number }[] {
  const recordings = Uploads.parse(JSON.parse(Deno.readTextFileSync(uploadFile.url))).uploads;
  let state = NEW_BOARD;
  let arrival = Date.UTC(2026, 5, 21, 12);
  return recordings.map((recorded) => {
    const body = parseUploadBody(utf8(recorded.body));
    assert.ok(body.ok, recorded.id);
    assert.equal(body.value.cut, !recorded.body_is_valid_json);
    arrival += 15_000;
    const decoded = decodeUpload(state, body.value, arrival);
    state = parseBoardState(JSON.stringify(decoded.state)) ?? assert.fail("the state is not JSON");
    return { recorded, upload: decoded.upload, boot: decoded.state.boot, arrival };
  });
}

testWith([uploadFile], "recorded uploads give their batches: exact ones to the value, the others nearly", () => {
  let [right, whole] = [0, 0];
  for (const { recorded, upload } of replay()) {
    assert.equal(upload.batches.length + upload.duplicates, recorded.packets_complete_in_body, recorded.id);
    assert.deepEqual(upload.undecodable, [], recorded.id);
    for (const batch of upload.batches) {
      const packet = recorded.packets[batch.item];
      const values = batch.samples.map((sample) => sample.values);
      assert.deepEqual(batch.registers, ["Vac1", "Iac1", "Ipv1", "Pac", "Ipv2", "Temp"]);
      // A frame that is exact for a known base is only estimated behind an estimated batch.
      if (batch.quality === "exact" || packet?.decode.exact) {
        assert.deepEqual(values, packet?.samples, `${recorded.id} item ${batch.item}`);
      }
      const truth = packet?.samples.flat() ?? [];
      whole += truth.length;
      right += values.flat().filter((value, i) => value === truth[i]).length;
    }
  }
  assert.ok(right / whole >= 0.98, `${right} of ${whole} values`);
});

testWith([uploadFile], "a recorded body that was cut yields its nine packets and counts the others as lost", () => {
  const cut = replay().filter(({ recorded }) => recorded.expect === "accept-truncated");
  assert.ok(cut.length > 0);
  for (const { recorded, upload } of cut) {
    assert.equal(upload.batches.length, 9);
    assert.equal(upload.lost, recorded.packets_on_device - 9);
  }
});

testWith([uploadFile], "boots are told apart and batches are dated by the gateway's clock", () => {
  const boots = new Map<string, number>();
  for (const { recorded, upload, boot, arrival } of replay()) {
    assert.equal(boots.get(recorded.boot) ?? boot, boot, recorded.id);
    boots.set(recorded.boot, boot);
    const sent: unknown = JSON.parse(/"timestamp":(\d+)/.exec(recorded.body)?.[1] ?? "");
    for (const batch of upload.batches) {
      const packetAt = recorded.packets[batch.item]?.timestamp_ms ?? NaN;
      assert.deepEqual(batch.key, { boot, uptimeMs: packetAt });
      const end = arrival - (Number(sent) - packetAt);
      assert.deepEqual(batch.samples.map((sample) => end - sample.at), [8000, 6000, 4000, 2000, 0]);
    }
  }
  assert.deepEqual([...boots.values()], [1, 2, 3]);
});
