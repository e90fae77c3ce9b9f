import assert from "node:assert/strict";
import fc from "fast-check";
import { compareVersions, FirmwareModel, FirmwareVersion } from "../../../ota/manifest/version.ts";

Deno.test("versions are in the order of SemVer 2.0.0 section 11", () => {
  const ordered = [
    "0.9.9",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.4",
    "1.0.10",
    "1.2.0",
    "2.0.0",
  ];
  for (const [i, a] of ordered.entries()) {
    for (const [j, b] of ordered.entries()) {
      assert.equal(Math.sign(compareVersions(a, b)), Math.sign(i - j), `${a} ${b}`);
    }
  }
  assert.equal(compareVersions("1.0.0+a", "1.0.0+b"), 0);
});

Deno.test("what is not a version, or could be a path, is none", () => {
  const bad = ["", "1", "1.0", "v1.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0-..", "../../etc/passwd", "1.0.0/../x"];
  for (const text of [...bad, "1.0.0\0", "1.0.0\n", "1.0.0 ", "%2e%2e", "1.0.0+../x", `1.0.0-${"a".repeat(70)}`]) {
    assert.equal(FirmwareVersion.safeParse(text).success, false, JSON.stringify(text));
  }
  for (const text of ["", ".", "..", ".adding", "a/b", "a\\b", "é"]) {
    assert.equal(FirmwareModel.safeParse(text).success, false);
  }
});

Deno.test("comparing is antisymmetric for any two versions", () => {
  const version = fc.tuple(fc.nat(30), fc.nat(30), fc.nat(30), fc.constantFrom("", "-rc.1", "-rc.10", "-a", "+x")).map((
    [a, b, c, rest],
  ) => `${a}.${b}.${c}${rest}`);
  fc.assert(fc.property(version, version, (a, b) => {
    assert.equal(Math.sign(compareVersions(a, b)), -Math.sign(compareVersions(b, a)) + 0);
  }));
});
