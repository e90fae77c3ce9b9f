import { z } from "zod";

/** SemVer 2.0.0 section 9-11, the grammar of its FAQ: nothing that could be a path passes. */
const SEMVER =
  /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

/** A firmware's version: SemVer 2.0.0 of at most 64 characters, without a leading `v`. */
export const FirmwareVersion = z.string().max(64).regex(SEMVER, "must be a SemVer version such as 1.4.2");
export type FirmwareVersion = z.infer<typeof FirmwareVersion>;

/** What runs the firmware: 1 to 64 of A-Z a-z 0-9 _ . -, not beginning with a dot. */
export const FirmwareModel = z.string().regex(
  /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$/,
  "must be 1 to 64 of A-Z a-z 0-9 _ . -, not beginning with a dot",
);
export type FirmwareModel = z.infer<typeof FirmwareModel>;

/**
 * Negative when `a` is older than `b`, 0 when they are the same but for build metadata (SemVer 2.0.0 section 11). Throws a
 * `RangeError` for what is not a version: `FirmwareVersion` has checked it before.
 *
 * @example
 * ```ts
 * compareVersions("1.10.0", "1.9.0") > 0; // => true
 * compareVersions("1.0.0-rc.1", "1.0.0") < 0; // => true
 * compareVersions("1.0.0+build.5", "1.0.0"); // => 0
 * ```
 */
export function compareVersions(a: FirmwareVersion, b: FirmwareVersion): number {
  const [coreA, preA] = parts(a);
  const [coreB, preB] = parts(b);
  const core = compareLists(coreA, coreB);
  if (core !== 0) return core;
  if (preA.length === 0 || preB.length === 0) return preB.length - preA.length; // a release is newer than its candidates
  return compareLists(preA, preB);
}

function parts(version: string): readonly [readonly string[], readonly string[]] {
  const match = SEMVER.exec(version);
  if (!match) throw new RangeError(`Cannot compare "${version.slice(0, 64)}": it is not a SemVer version`);
  return [match.slice(1, 4).map((part) => part ?? "0"), match[4]?.split(".") ?? []];
}

/** Identifier by identifier; the longer list is newer when the other is its beginning. */
function compareLists(a: readonly string[], b: readonly string[]): number {
  for (const [i, left] of a.entries()) {
    const right = b[i];
    if (right === undefined) return 1;
    const order = compareIdentifiers(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers by value, which is by length and then by digits; texts by ASCII; numbers before texts. */
function compareIdentifiers(a: string, b: string): number {
  const numeric = /^\d+$/;
  if (numeric.test(a) && numeric.test(b) && a.length !== b.length) return a.length - b.length;
  if (numeric.test(a) !== numeric.test(b)) return numeric.test(a) ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
