import { checkMachine } from "../install/checks.ts";
import { type Check, fail, pass, reasonOf } from "./finding.ts";

/** 64 bits, memory pages of 4 KiB, a C library that fits: as `install` asks (packaging/preflight). */
export const machine: Check = async ({ run }) => {
  try {
    await checkMachine(run);
    return [pass("machine", "64-bit, with memory pages of 4096 bytes")];
  } catch (error) {
    const [what = "", ...way] = reasonOf(error).split("\n").map((line) => line.trim());
    return [fail("machine", what, way.join(" ") || "use a 64-bit system")];
  }
};
