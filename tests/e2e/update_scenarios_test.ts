import assert from "node:assert/strict";
import { join } from "node:path";
import { importRsaPrivateKey } from "../../crypto/rsa.ts";
import { type Manifest, readManifest, signManifest } from "../../ota/manifest/manifest.ts";
import { cuttingProxy } from "../fakes/cutting_proxy.ts";
import { countingInverter } from "./counting_inverter.ts";
import { until } from "./process.ts";
import { type Box, exists, openBox, PRODUCT, script, updateSite } from "./update_site.ts";

const good = (version: string, filling = 0) => script(version, `exec ${PRODUCT} "$@"`, filling);
const trialOf = (box: Box) => until("the trial", async () => await exists(join(box.slots, "attempts")) || undefined);
const slotOf = (box: Box) => Deno.readLink(join(box.slots, "current"));

Deno.test("success: confirmed by the new image, and four power cuts during its trial do not burn it", async () => {
  await using site = await updateSite();
  await using inverter = countingInverter();
  await site.release("2.0.1", good("2.0.1"));
  await using box = await openBox(site, "roof", { inverter: inverter.port, update: ["attempts: 1"] });
  await until("the first poll", () => Promise.resolve(inverter.answered() > 0 || undefined));
  inverter.hush(); // a new image that no inverter answers stays on trial
  await site.offer("roof", "2.0.1");
  box.look();
  await trialOf(box);
  for (let cut = 0; cut < 4; cut++) {
    const starts = (await Deno.readTextFile(join(box.slots, "attempts"))).split(" ")[2];
    await box.powerCycle();
    await until(
      "another start",
      async () => (await Deno.readTextFile(join(box.slots, "attempts"))).split(" ")[2] === starts ? undefined : true,
    );
  }
  inverter.speak();
  const ended = await site.ended("roof");
  assert.equal(ended.state, "confirmed", box.said());
  assert.equal(await slotOf(box), "b");
  assert.deepEqual(ended.events.filter(({ kind }) => kind === "rolled_back"), []);
});

/** What is wrong with the firmware in the gateway's repository, and what the node says to it. */
type Tamper = (
  record: Record<string, unknown>,
  resign: (changes: Partial<Manifest>) => Promise<Record<string, unknown>>,
) => Record<string, unknown> | Promise<Record<string, unknown>>;
const flipped = (text: unknown) => String(text).replace(/^./, (first) => first === "A" ? "B" : "A");
const TAMPERED: readonly (readonly [name: string, code: RegExp, tamper: Tamper])[] = [
  ["signature failure: of the manifest", /manifest_signature/, (record) => ({
    manifest_signature: flipped(record["manifest_signature"]),
  })],
  ["hash mismatch: in the manifest", /sha256/, (_, resign) => resign({ sha256_hash: "0".repeat(64) })],
];

Deno.test("signature failures and hash mismatches of the gateway's own repository are refused before the switch", async (t) => {
  await using site = await updateSite();
  await using inverter = countingInverter();
  const keys = join(site.folder, "gateway-data/gateway/firmware-keys/default");
  const key = await importRsaPrivateKey(await Deno.readTextFile(join(keys, "signing_private.pem")));
  assert.ok(key);
  const refused = async (index: number, code: RegExp, change: (folder: string) => Promise<void>) => {
    const [device, version] = [`box${index}`, `2.0.${index + 1}`];
    await site.release(version, good(version));
    await change(join(site.folder, "gateway-data/gateway/firmware", `ecowatt@${version}`));
    await using box = await openBox(site, device, { inverter: inverter.port });
    await site.offer(device, version);
    box.look();
    const ended = await site.ended(device);
    assert.equal(ended.state, "failed");
    assert.match(ended.reason ?? "", code);
    assert.equal(await slotOf(box), "a");
    assert.equal(await exists(join(box.slots, "b/ecowatt")), false);
    assert.equal(await exists(join(box.slots, "trial")), false);
  };
  const tampered = TAMPERED.map(([name, code, tamper], index) =>
    [
      name,
      refused(index, code, async (folder) => {
        const path = join(folder, "firmware.json");
        const record = JSON.parse(await Deno.readTextFile(path));
        const resign = async (changes: Partial<Manifest>) => {
          const manifest = readManifest(record.manifest);
          assert.ok(manifest.ok);
          return { ...changes, ...await signManifest({ ...manifest.value, ...changes }, key) };
        };
        await Deno.writeTextFile(path, JSON.stringify({ ...record, ...await tamper(record, resign) }));
      }),
    ] as const
  );
  const damaged = refused(TAMPERED.length, /sha256/, async (folder) => {
    const image = await Deno.readFile(join(folder, "image.bin"));
    image[40] = 1 ^ (image[40] ?? 0);
    await Deno.writeFile(join(folder, "image.bin"), image);
  });
  const all = [...tampered, ["hash mismatch: a byte of the image", damaged] as const];
  const results = await Promise.allSettled(all.map(([, result]) => result));
  for (const [index, result] of results.entries()) {
    await t.step(all[index]?.[0] ?? "", () => {
      if (result.status === "rejected") throw result.reason;
    });
  }
});

Deno.test("network cut at 30 random bytes: the real gateway's image arrives", async () => {
  await using site = await updateSite();
  await using inverter = countingInverter();
  await site.release("2.0.1", good("2.0.1", 1200));
  let downloading = () => false;
  await using proxy = cuttingProxy(site.port, {
    most: 30,
    budget: () => Math.floor(200 + 6000 * Math.random()),
    active: () => downloading(),
  });
  await using box = await openBox(site, "roof", { inverter: inverter.port, gateway: proxy.url });
  downloading = () => {
    try {
      return Deno.statSync(join(box.slots, "b/ecowatt.part")).size > 0;
    } catch {
      return false;
    }
  };
  await site.offer("roof", "2.0.1");
  box.look();
  assert.equal((await site.ended("roof")).state, "confirmed", box.said());
  assert.equal(proxy.cuts(), 30);
});
