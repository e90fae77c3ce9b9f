import assert from "node:assert/strict";
import { SampleBlocksAnswer, SampleBlocksUpload } from "../../../protocol/messages/sample_blocks.ts";

const block = {
  block_id: 7,
  inverter: "roof",
  profile: "ecowatt",
  registers: ["Vac1", "Pac"],
  codec: "ecowatt-block/1",
  count: 5,
  start_ms: 1_782_000_000_000,
  end_ms: 1_782_000_008_000,
  payload: "AQID",
};
const upload = { device_id: "node-1", data_type: "sample_blocks", blocks: [block] };

Deno.test("a node's upload is accepted, with an inverter's name and without", () => {
  assert.deepEqual(SampleBlocksUpload.parse(upload), upload);
  const { inverter: _, ...nameless } = block;
  assert.equal(SampleBlocksUpload.parse({ ...upload, blocks: [nameless] }).blocks[0]?.inverter, "inverter");
});

Deno.test("each bound of an upload is checked", () => {
  const withBlock = (change: object) => ({ ...upload, blocks: [{ ...block, ...change }] });
  const bad: Record<string, unknown> = {
    "no blocks": { ...upload, blocks: [] },
    "too many blocks": { ...upload, blocks: Array.from({ length: 257 }, (_, i) => ({ ...block, block_id: i + 1 })) },
    "the same block twice": { ...upload, blocks: [block, block] },
    "too many values": {
      ...upload,
      blocks: Array.from({ length: 6 }, (_, i) => ({ ...block, block_id: i + 1, count: 5_000 })),
    },
    "too many profiles": {
      ...upload,
      blocks: Array.from({ length: 33 }, (_, i) => ({ ...block, block_id: i + 1, profile: `sunspec:103@${i}/50` })),
    },
    "a payload that is too long": withBlock({ payload: "A".repeat(87_388) }),
    "another data type": { ...upload, data_type: "compressed_sensor_batch" },
    "a bad device": { ...upload, device_id: "a b" },
    "block 0": withBlock({ block_id: 0 }),
    "half a block id": withBlock({ block_id: 1.5 }),
    "an unsafe block id": withBlock({ block_id: 2 ** 53 }),
    "a path as inverter": withBlock({ inverter: "../x" }),
    "no register": withBlock({ registers: [] }),
    "65 registers": withBlock({ registers: Array.from({ length: 65 }, (_, i) => `r${i}`) }),
    "a register twice": withBlock({ registers: ["Pac", "Pac"] }),
    "another codec": withBlock({ codec: "ecowatt-block/2" }),
    "no sample": withBlock({ count: 0 }),
    "too many samples": withBlock({ count: 10_001 }),
    "an end before its start": withBlock({ end_ms: 1 }),
    "a payload that is no Base64": withBlock({ payload: "A*ID" }),
    "an empty payload": withBlock({ payload: "" }),
  };
  for (const [name, body] of Object.entries(bad)) assert.equal(SampleBlocksUpload.safeParse(body).success, false, name);
});

Deno.test("an answer tells what became of each block, whatever else it says", () => {
  const answer = SampleBlocksAnswer.parse({
    status: "success",
    device_id: "node-1",
    accepted_blocks: [7],
    duplicate_blocks: [],
    mqtt_published: true,
  });
  assert.deepEqual([answer.accepted_blocks, answer.quarantined_blocks], [[7], []]);
  assert.equal(SampleBlocksAnswer.safeParse({ status: "success", device_id: "node-1" }).success, false);
});
