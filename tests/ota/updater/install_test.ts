import assert from "node:assert/strict";
import { toHex, utf8 } from "../../../crypto/bytes.ts";
import { sha256 } from "../../../crypto/sha256.ts";
import { loadState } from "../../../ota/slots/state.ts";
import { bring, giveUp, type UpdateFault } from "../../../ota/updater/install.ts";
import { Part, partOf, type Wanted } from "../../../ota/updater/part.ts";
import { chunkAnswer, FirmwareGateway } from "../../fakes/firmware.ts";
import { LOSSES, PowerCut, PowerFiles } from "../../fakes/power.ts";
import { installIo, NEW_IMAGE, newRelease, saying } from "../machine.ts";

const never = new AbortController().signal;
const { manifest, signed } = newRelease;
const wanted: Wanted = { manifest, image: toHex(sha256(signed.manifest)), slot: "b" };

async function brought(files: PowerFiles, signal = never) {
  return await bring(wanted, installIo(files, new FirmwareGateway(newRelease)), signal);
}

Deno.test("a kill at any moment, and then a power cut: what has the slot's name is the whole image", async () => {
  for (let kill = 1;; kill++) {
    const files = new PowerFiles();
    files.seed("b/ecowatt", utf8("an earlier program"));
    files.seed("b/ecowatt.sha256", utf8(`${"cc".repeat(32)}  ecowatt\n`));
    files.cutAfter = kill;
    try {
      await brought(files);
      break;
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
    files.cutAfter = Infinity; // the program alone has ended: what it wrote is in memory
    assert.ok((await brought(files)).ok);
    for (const loss of LOSSES) {
      const left = files.afterCut(loss);
      const words = `killed after ${kill}, ${JSON.stringify(loss)}`;
      assert.deepEqual(await left.read("b/ecowatt"), NEW_IMAGE, words);
      assert.deepEqual(await left.read("b/ecowatt.sha256"), utf8(`${manifest.sha256_hash}  ecowatt\n`), words);
    }
  }
});

Deno.test("an image is not put in place by a program that is told to end", async () => {
  const files = new PowerFiles();
  const stop = new AbortController();
  const run: ReturnType<typeof saying> = async (path) => {
    stop.abort();
    return await saying()(path);
  };
  const outcome = await bring(
    wanted,
    installIo(files, new FirmwareGateway(newRelease), { run }),
    stop.signal,
  );
  assert.equal(outcome.ok ? "ok" : outcome.fault, "stopped");
  assert.equal(await files.size("b/ecowatt"), undefined);
});

const FAULTS: readonly (readonly [UpdateFault, boolean])[] = [
  ["decrypt", true],
  ["size", true],
  ["sha256", true],
  ["program", true],
  ["chunk_hmac", false],
  ["chunk_number", false],
  ["chunk_size", false],
];
for (const [fault, isBad] of FAULTS) {
  Deno.test(`an image with the fault ${fault} is ${isBad ? "never tried again" : "tried again"}, its download is gone`, async () => {
    const files = new PowerFiles();
    files.seed(partOf("b"), utf8("what came of it"));
    await giveUp(wanted, { fault, detail: "test" }, { files });
    const { bad, reports } = await loadState(files);
    assert.deepEqual(bad.map(({ image }) => image), isBad ? [wanted.image] : []);
    assert.deepEqual(reports, [{ kind: "verify", version: "2.0.0", verified: false, error: `${fault}: test` }]);
    assert.equal(await files.size(partOf("b")), undefined);
  });
}

Deno.test("a note of how far a download is, of which a byte is another, does not count: the one before does", async () => {
  const files = new PowerFiles();
  {
    using part = await Part.open(wanted, files);
    await part.add(new Uint8Array(64).fill(1), new Uint8Array(16).fill(1));
    await part.add(NEW_IMAGE.slice(64), new Uint8Array(16).fill(2));
  }
  const whole = await files.read(partOf("b"));
  assert.ok(whole);
  const changed = new TextDecoder("latin1").decode(whole).replace(
    `"before":"${"02".repeat(16)}"`,
    `"before":"${"03".repeat(16)}"`,
  );
  const bytes = Uint8Array.from(changed, (character) => character.charCodeAt(0));
  assert.notDeepEqual(bytes, whole);
  const torn = new PowerFiles();
  torn.seed(partOf("b"), bytes);
  using part = await Part.open(wanted, torn);
  assert.deepEqual([part.place.next, part.place.before], [1, "01".repeat(16)]);
});

Deno.test("a chunk that comes damaged is asked for three times, and then the server is at fault", async () => {
  for (const [damaged, expected] of [[2, "ok"], [3, "chunk_hmac"]] as const) {
    const gateway = new FirmwareGateway(newRelease);
    let left = damaged;
    gateway.misbehave = async (path, number) => {
      if (path !== "/ota/chunk" || number !== 1 || left-- <= 0) return undefined;
      const { chunk, ...rest } = await chunkAnswer(newRelease, 1);
      return { kind: "ok", value: { ...rest, chunk: { ...chunk, hmac: "00".repeat(32) } } };
    };
    const outcome = await bring(wanted, installIo(new PowerFiles(), gateway), never);
    assert.equal(outcome.ok ? "ok" : outcome.fault, expected);
    assert.equal(gateway.chunks.filter((number) => number === 1).length, 3);
  }
});
