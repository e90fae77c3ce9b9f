import assert from "node:assert/strict";
import type { Answer } from "../../fakes/signing_gateway.ts";
import { Scene } from "./scene.ts";

/** What another life of the node has brought under numbers from 1 on. */
function former(scene: Scene, blocks: number): void {
  for (let id = 1; id <= blocks; id++) {
    scene.gateway.blocks.set(id, { inverter: "roof", samples: [{ at: -id, values: [] }] });
  }
}

const RESTORED: readonly (readonly [what: string, former: number, answer: (request: number) => Answer | undefined])[] =
  [
    ["more blocks than it has made", 500, () => undefined],
    ["fewer blocks than it has made", 2, () => undefined],
    [
      "more blocks, and its numbers of requests",
      500,
      (request) => request === 1 ? { status: 401, body: { next_sequence: 1_000 } } : undefined,
    ],
    [
      "more blocks, over a line that loses answers",
      500,
      (request) => request % 2 === 1 ? { status: 502, unsigned: true } : undefined,
    ],
  ];
for (const [what, count, answer] of RESTORED) {
  Deno.test(`a restored node numbers its new blocks anew where its former life had used ${what}`, async () => {
    await using scene = new Scene(3);
    former(scene, count);
    scene.gateway.answer = (_, request) => answer(request);
    await scene.drained();
    scene.add(4);
    scene.notifier.ring();
    await scene.drained();
    const { blocks } = scene.gateway;
    await scene.until(() => blocks.size === count + 4, "the next one");
    const samples = [...blocks].filter(([id]) => id > count).flatMap(([, { samples }]) => samples);
    assert.deepEqual(samples.toSorted((a, b) => a.at - b.at), [1, 2, 3, 4].map((n) => ({ at: n, values: [n, 2 * n] })));
  });
}

Deno.test("a node from an old disk image goes on from the sequence number that the gateway names", async () => {
  await using scene = new Scene(2);
  scene.gateway.answer = (_, request) =>
    request === 1 ? { status: 401, body: { error: "replay", next_sequence: 70_000 } } : undefined;
  await scene.drained();
  assert.deepEqual(scene.gateway.sequences, [1, 70_000, 70_001]);
});
