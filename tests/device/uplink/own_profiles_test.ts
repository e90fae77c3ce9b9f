import assert from "node:assert/strict";
import { ownDocument, profileIn } from "../../fakes/own_profile.ts";
import type { SampleBlocksUpload } from "../../../protocol/messages/sample_blocks.ts";
import { Scene, series } from "./scene.ts";

const document = ownDocument();
const { id } = profileIn(document);
const own = { inverter: "meter", profile: id, registers: ["GridW", "State"] };
const documents = { of: (profile: string) => profile === id ? JSON.stringify(document) : undefined };

/** Three blocks of the ten registers and, in between, three of the owner's own device. */
function scene(): Scene {
  const all = new Scene(0, { documents });
  for (const n of [1, 2, 3]) {
    all.add(2 * n - 1);
    all.add(2 * n, own);
  }
  return all;
}

/** As a gateway that knows the ten registers and what it was brought. */
function gatewayWith(known: ReadonlySet<string>) {
  return ({ blocks }: SampleBlocksUpload) => {
    const errors = blocks.flatMap(({ profile }, index) =>
      profile === series.profile || known.has(profile)
        ? []
        : [{ path: `blocks[${index}].profile`, message: "is not known" }]
    );
    return errors.length === 0 ? undefined : { status: 422, body: { detail: "blocks cannot be stored", errors } };
  };
}

function taken({ gateway }: Scene, inverter: string): number {
  return [...gateway.blocks.values()].filter((block) => block.inverter === inverter).length;
}

Deno.test("an owner's own profile is brought once, before its first block", async () => {
  await using node = scene();
  const known = new Set<string>();
  const brought: unknown[] = [];
  node.gateway.profile = (document) => {
    brought.push(document);
    known.add(id);
    return { status: 200, body: { status: "success", device_id: "test-node", profiles: [id] } };
  };
  node.gateway.answer = gatewayWith(known);
  await node.drained();
  assert.deepEqual(brought, [document]);
  assert.deepEqual([taken(node, "roof"), taken(node, "meter")], [3, 3]);
  known.clear(); // a gateway that was restored from a backup
  node.add(9, own);
  node.notifier.ring();
  await node.until(() => taken(node, "meter") === 4, "brought again");
  assert.equal(brought.length, 2);
  assert.deepEqual(node.uplink.status().refusedProfiles, []);
});

const refusals = [
  ["too large", { status: 413, body: { detail: "A profile has at most 65536 bytes as JSON" } }, /^413: A profile has/],
  ["invalid", { status: 422, body: { detail: "It is no valid profile" } }, /^422: It is no valid profile/],
  ["another one", { status: 200, body: { status: "success", device_id: "test-node", profiles: ["x"] } }, /another one/],
  ["unknown to an older gateway", undefined, /does not take profiles: update it/],
] as const;

for (const [what, answer, reason] of refusals) {
  Deno.test(`a profile that its gateway finds ${what} holds up its own samples only, which wait, and is told in one line`, async () => {
    await using node = scene();
    const known = new Set<string>();
    if (answer) node.gateway.profile = () => answer;
    node.gateway.answer = gatewayWith(known);
    await node.until(() => taken(node, "roof") === 3, "the others are taken");
    const [refused, ...more] = node.uplink.status().refusedProfiles;
    assert.deepEqual([refused?.profile, more], [id, []]);
    assert.match(refused?.reason ?? "", reason);
    await node.clock.advance(900_000);
    node.notifier.ring();
    node.add(100);
    node.notifier.ring();
    const waiting = () => node.outbox.seal() && node.outbox.status().waiting;
    await node.until(() => taken(node, "roof") === 4 && waiting() === 3, "tried once more, in vain");
    assert.deepEqual([node.outbox.status().refused, taken(node, "meter")], [0, 0]);
    assert.equal(node.lines.filter((line) => line.includes("does not take profile")).length, 1);

    node.gateway.profile = () => {
      known.add(id);
      return { status: 200, body: { status: "success", device_id: "test-node", profiles: [id] } };
    };
    await node.clock.advance(900_000);
    node.notifier.ring();
    await node.drained();
    assert.deepEqual([taken(node, "meter"), node.uplink.status().refusedProfiles], [3, []]);
  });
}

Deno.test("samples under a profile whose document is gone, and that the gateway does not know, wait as well", async () => {
  await using node = new Scene(0);
  node.add(1, own);
  node.add(2);
  node.gateway.answer = gatewayWith(new Set());
  const waiting = () => node.outbox.seal() && node.outbox.status().waiting;
  await node.until(() => taken(node, "roof") === 1 && waiting() === 1, "the other is taken");
  assert.match(node.uplink.status().refusedProfiles[0]?.reason ?? "", /there is no document to bring/);
  assert.equal(node.outbox.status().refused, 0);
});
