import { type Check, fail, type Finding, pass, type Patient, warn } from "./finding.ts";

/** No clock that is right shows less: this program is younger. */
const EARLIEST = Date.UTC(2026, 0, 1);
/** The gateway's log says so from here on (contract/1-link §2.2), milliseconds. */
const TOLERANCE_MS = 300_000;
const SYNCHRONISE = "sudo timedatectl set-ntp true";

/** The clock is of this age, is kept right by something, and says what the gateway's says. */
export const clock: Check = async (patient) => {
  const now = patient.clock.now();
  if (now < EARLIEST) return [fail("clock", `it shows ${new Date(now).toISOString()}`, SYNCHRONISE)];
  const off = await offByMs(patient);
  if (off !== undefined && Math.abs(off) > TOLERANCE_MS) {
    return [warn("clock", `it is ${Math.round(off / 1000)} s off the gateway's`, SYNCHRONISE)];
  }
  return [await synchronised(patient, off)];
};

async function synchronised({ run }: Patient, off: number | undefined): Promise<Finding> {
  const beside = off === undefined ? "" : `, ${Math.abs(Math.round(off / 1000))} s off the gateway's`;
  const said = await run("timedatectl", ["show", "--property=NTPSynchronized", "--value"]).catch(() => undefined);
  if (said?.code === 0 && said.out === "no") return warn("clock", "nothing keeps it right", SYNCHRONISE);
  const kept = said?.code === 0 && said.out === "yes" ? "synchronised" : "it shows a time that can be";
  return pass("clock", `${kept}${beside}`);
}

/** How far ahead this clock is of the gateway's, by the Date of its answer: whole seconds. */
async function offByMs({ file, fetch, clock, signal }: Patient): Promise<number | undefined> {
  if (!file?.node) return undefined;
  try {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(3_000)]);
    const response = await fetch(new URL("/health", file.node.gateway), { signal: timeout });
    await response.body?.cancel();
    const date = Date.parse(response.headers.get("date") ?? "");
    return Number.isNaN(date) ? undefined : clock.now() - date;
  } catch {
    return undefined; // that it is not reached is said by another check
  }
}
