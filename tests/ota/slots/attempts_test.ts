import assert from "node:assert/strict";
import { failureText, givenUpText, parseAttempts, type TrialFailure } from "../../../ota/slots/attempts.ts";

const WORDS: readonly (readonly [string, TrialFailure])[] = [
  ["none", { code: "none" }],
  ["not confirmed in 600 s", { code: "not_confirmed", windowS: 600 }],
  ["hung, and fed the watchdog no more", { code: "hung" }],
  ["signal 11", { code: "signal", signal: 11 }],
  ["exit 1", { code: "exit", status: 1 }],
  ["not a program for this machine", { code: "not_a_program" }],
  ["its SHA-256 is another", { code: "changed" }],
  ["exit 1 s", { code: "recorded", text: "exit 1 s" }],
  ["signal 007", { code: "recorded", text: "signal 007" }],
  ["not confirmed in time", { code: "recorded", text: "not confirmed in time" }],
  ["", { code: "recorded", text: "" }],
];

for (const [words, failure] of WORDS) {
  Deno.test(`the boot guard's "${words}" is ${failure.code}, and reads as it was written`, () => {
    assert.deepEqual(parseAttempts(`1f2e 1 2 ${words}\n`)?.last, failure);
    assert.equal(failureText(failure), words);
  });
}

Deno.test("every word that packaging/boot-guard writes down has a code", async () => {
  const script = await Deno.readTextFile(new URL("../../../packaging/boot-guard", import.meta.url));
  const written = [...script.matchAll(/reason="([^"]+)"|note "\$t_limit" "\$starts" "([^"]+)"/g)]
    .map(([, reason, noted]) => (reason ?? noted ?? "").replace(/\$(\(\(.*\)\)|\w+)/g, "9"));
  assert.equal(written.length, 6);
  for (const words of written) {
    assert.notEqual(parseAttempts(`1f2e 1 1 ${words}\n`)?.last.code, "recorded", words);
  }
});

Deno.test("why an image was given up is told in the words that gateways have always got", () => {
  assert.equal(givenUpText({ code: "uncounted" }), "the boot guard could not count its starts");
  assert.equal(givenUpText({ code: "too_many_starts", starts: 20 }), "not confirmed in 20 starts (most: 20)");
  const last = { code: "not_confirmed", windowS: 600 } as const;
  assert.equal(givenUpText({ code: "failures", failures: 3, last }), "3 failures, the last: not confirmed in 600 s");
});
