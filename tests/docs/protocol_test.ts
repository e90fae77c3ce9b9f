import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";
import { blocks } from "./text.ts";

const page = {
  path: "docs/protocol.md",
  text: await Deno.readTextFile(new URL("../../docs/protocol.md", import.meta.url)),
};
const [keyText = "", base = "", chunk = "", nonceBase = "", boundBase = ""] = blocks(page, "text").map((block) =>
  block.trim()
);
const [request = "", answer = "", board = "", nonceRequest = "", boundAnswer = ""] = blocks(page, "http");
const key = new Uint8Array(keyText.match(/../g)?.map((pair) => parseInt(pair, 16)) ?? []);
const header = (block: string, name: string) => block.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1] ?? "";
const body = (block: string) => block.trim().split("\n\n").at(-1) ?? "";

/** Nothing of ours is asked here: an author of firmware has only the page, too. */
function hmac(message: string | Uint8Array, encoding: "base64" | "hex"): string {
  return createHmac("sha256", key).update(message).digest(encoding);
}

for (const [name, block] of [["request", request], ["answer", answer]] as const) {
  Deno.test(`the digest of the ${name} in docs/protocol.md is that of its body`, () => {
    assert.equal(
      header(block, "content-digest"),
      `sha-256=:${createHash("sha256").update(body(block)).digest("base64")}:`,
    );
  });
}

Deno.test("the signatures in docs/protocol.md come out by its own rules", () => {
  assert.equal(header(request, "signature"), `ecowatt=:${hmac(base, "base64")}:`);
  assert.ok(base.endsWith(`"@signature-params": ${header(request, "signature-input").replace("ecowatt=", "")}`));
  const answerBase = [
    '"@status": 200',
    `"content-digest": ${header(answer, "content-digest")}`,
    '"x-sequence-number";req: 1',
    `"@signature-params": ${header(answer, "signature-input").replace("ecowatt=", "")}`,
  ].join("\n");
  assert.equal(header(answer, "signature"), `ecowatt=:${hmac(answerBase, "base64")}:`);
});

Deno.test("the codes of chunks and boards in docs/protocol.md come out by its own rules", () => {
  assert.equal(chunk, hmac(Uint8Array.from([1, 2, 3, 4, "7".charCodeAt(0)]), "hex"));
  const message = new TextEncoder().encode('{"device_id":"ESP32_EcoWatt_Smart"}');
  assert.equal(header(board, "x-hmac-sha256"), hmac(Uint8Array.from([...message, 0, 0, 0, 5]), "hex"));
});

Deno.test("the answer in docs/protocol.md that is good for one request only comes out by its own rules", () => {
  const mac = `ecowatt=:${hmac(nonceBase, "base64")}:`;
  assert.equal(header(nonceRequest, "signature"), mac);
  const nonce = Buffer.from(Array.from({ length: 16 }, (_, i) => i)).toString("base64");
  assert.ok(header(nonceRequest, "signature-input").endsWith(`;nonce="${nonce}"`));
  assert.ok(nonceBase.endsWith(header(nonceRequest, "signature-input").replace("ecowatt=", "")));
  const [, bound = ""] = header(boundAnswer, "signature-input").split(", ecowatt-bound=");
  assert.equal(
    boundBase,
    [
      '"@status": 200',
      `"content-digest": ${header(boundAnswer, "content-digest")}`,
      '"x-sequence-number";req: 1',
      `"signature";req;key="ecowatt": ${mac.replace("ecowatt=", "")}`,
      `"@signature-params": ${bound}`,
    ].join("\n"),
  );
  assert.equal(
    header(boundAnswer, "signature"),
    `${header(answer, "signature")}, ecowatt-bound=:${hmac(boundBase, "base64")}:`,
  );
});
