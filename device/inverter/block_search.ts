import { isBusy, isGateways } from "../modbus/exception.ts";
import type { BusFault, BusOutcome } from "../modbus/fault.ts";
import { type Block, blockOf, type Span } from "./read_plan.ts";
import { type RegisterKey, registerKey } from "./register_reader.ts";

/** What reading one block came to. */
export interface BlockReading<S extends Span> {
  /** Parts that were answered, with their words. */
  readonly answered: readonly { readonly block: Block<S>; readonly words: readonly number[] }[];
  /** Spans the inverter refuses also when asked for alone, with its exception code. */
  readonly refused: readonly { readonly span: S; readonly code: number }[];
  /** Addresses before which reads must end: both sides answer, together they are refused. */
  readonly cuts: readonly RegisterKey[];
  /** What ended the reading; the spans in none of the lists were not asked for. */
  readonly fault?: BusFault;
}

/** Exceptions that mean "not these registers": illegal function, address, value (reference: 1.1b3 §7). */
export function refusesRegisters(fault: BusFault): fault is BusFault & { kind: "exception" } {
  return fault.kind === "exception" && fault.code <= 3;
}

/** Exceptions that may mean a register, or the device as a whole: 04 and all others but those of busy devices and gateways. */
export function mayRefuseRegisters(fault: BusFault): fault is BusFault & { kind: "exception" } {
  return fault.kind === "exception" && !isBusy(fault.code) && !isGateways(fault.code);
}

/**
 * Reads a block, and where the inverter refuses it, its halves, until what is refused stands alone. With k culprits
 * among n spans this takes at most 1 + 2k⌈log₂ n⌉ requests. `refuses`: which faults mean that a register is refused.
 */
export async function readBlock<S extends Span>(
  block: Block<S>,
  read: (block: Block<S>) => Promise<BusOutcome<readonly number[]>>,
  refuses: typeof refusesRegisters = refusesRegisters,
): Promise<BlockReading<S>> {
  const outcome = await read(block);
  if (outcome.ok) return { answered: [{ block, words: outcome.value }], refused: [], cuts: [] };
  if (!refuses(outcome.fault)) return { answered: [], refused: [], cuts: [], fault: outcome.fault };
  const [span] = block.spans;
  if (block.spans.length <= 1 || !span) {
    return { answered: [], refused: span ? [{ span, code: outcome.fault.code }] : [], cuts: [] };
  }
  const middle = block.spans.length >> 1;
  const right = blockOf(block.spans.slice(middle));
  const first = await readBlock(blockOf(block.spans.slice(0, middle)), read, refuses);
  if (first.fault) return first;
  return joined(first, await readBlock(right, read, refuses), registerKey(right.table, right.address));
}

/** Both halves as one reading. Where neither explains the refusal, what lies between them does. */
function joined<S extends Span>(
  first: BlockReading<S>,
  second: BlockReading<S>,
  between: RegisterKey,
): BlockReading<S> {
  const cuts = [...first.cuts, ...second.cuts];
  const refused = [...first.refused, ...second.refused];
  const explained = cuts.length > 0 || refused.length > 0 || second.fault !== undefined;
  return {
    answered: [...first.answered, ...second.answered],
    refused,
    cuts: explained ? cuts : [between],
    ...(second.fault ? { fault: second.fault } : {}),
  };
}
