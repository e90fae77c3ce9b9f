/** Exception codes of a Modbus answer (application protocol 1.1b3 §7), with the words people see. */
const EXCEPTION_NAMES = {
  1: "illegal function",
  2: "illegal data address",
  3: "illegal data value",
  4: "device failure",
  5: "acknowledge, still working",
  6: "device busy",
  7: "negative acknowledge",
  8: "memory parity error",
  10: "gateway path unavailable",
  11: "gateway target did not respond",
} as const satisfies Record<number, string>;

/** A code the specification knows. */
export type ExceptionCode = keyof typeof EXCEPTION_NAMES;

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(EXCEPTION_NAMES).map(([code, name]) => [Number(code), name]),
);

/** The words for an exception code, also for one the specification does not know. */
export function exceptionName(code: number): string {
  return names.get(code) ?? "unknown exception";
}

/** Exceptions 0A and 0B come from a gateway, on behalf of a unit that does not answer (1.1b3 §7). */
export function isGateways(code: number): boolean {
  return code === 10 || code === 11;
}

/** Exceptions 05 and 06: the device works on a request, and may answer this one later (1.1b3 §7). */
export function isBusy(code: number): boolean {
  return code === 5 || code === 6;
}
