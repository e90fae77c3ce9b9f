import { profileById } from "../../protocol/profile/catalogue.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import { type Identity, IDENTITY_WORDS, identityOf } from "../../protocol/profile/sunspec/identity.ts";
import { formatMapId, MAX_MODELS, type ModelBlock } from "../../protocol/profile/sunspec/map_id.ts";
import { isKnownModel } from "../../protocol/profile/sunspec/map_profile.ts";
import { type DeviceModels, devicesIn } from "../../protocol/profile/sunspec/map_devices.ts";
import type { RequestOptions } from "../modbus/bus.ts";
import { isBusy } from "../modbus/exception.ts";
import type { BusFault, BusOutcome } from "../modbus/fault.ts";
import { mayRefuseRegisters, refusesRegisters } from "./block_search.ts";
import { MAX_READ } from "./read_plan.ts";
import type { RegisterReader } from "./register_reader.ts";

/** One device found behind a unit id: an inverter, its battery with it, or a meter or sensors that share the unit id. */
interface FoundDevice {
  readonly identity: Identity;
  /** All models in order, also those we have no table for. */
  readonly blocks: readonly ModelBlock[];
  /** The map of the models we can read; `undefined` when there is none. */
  readonly profile?: Profile;
}

/** Why a discovery found nothing. */
export type DiscoveryFault =
  | { readonly kind: "not_sunspec"; readonly message: string }
  | BusFault;

/** What a discovery comes to. */
type Discovery =
  /** `ended`: by an end model; otherwise a refusal or silence ended the chain, and there may be more of it another time. */
  | { readonly ok: true; readonly devices: readonly FoundDevice[]; readonly ended: boolean }
  | { readonly ok: false; readonly fault: DiscoveryFault };

/** Where the map may begin (SunSpec Device Information Model Specification §6.1), the usual place first. */
const BASES = [40_000, 0, 50_000];
/** Where it begins when a device, or a gateway before it, counts its registers otherwise by one. */
export const BESIDE = BASES.flatMap((base) => [base + 1, base - 1]).filter((address) => address >= 0);
const SUNS = [0x5375, 0x6e53];
/** The marker and the first model's id: some devices refuse half of it. */
const MARKER_WORDS = 3;
const END = 0xffff;
/** Tries more for a device that sends other answers than those asked for: one of them is its own, a try later. */
const LAGGING_RETRIES = 3;
const COMMON = 1;
/** Words of one of model 1's texts. */
const TEXT_WORDS = 16;

/** How a discovery is done. */
interface DiscoveryOptions {
  readonly signal?: AbortSignal;
  /** Most words that the inverter takes in one read. */
  readonly maxRead?: number;
  /** Whether the addresses beside are asked of a unit as well that says nothing at the others. */
  readonly thorough?: boolean;
  /** Where to look, and in which order; the usual bases when left out. */
  readonly order?: BaseOrder;
}

/** In which order addresses are asked. */
interface BaseOrder {
  current(): readonly number[];
  /** The first of them was asked. */
  next(): void;
}

/**
 * A unit that was found silent is asked for one address an attempt, and may be silent at all but its own: the usual base comes
 * first every other time, in between the others in turn. Each attempt has all bases, and one address beside them.
 */
export function basesInTurn(): BaseOrder {
  let turn = 0;
  return {
    current() {
      const [usual = 0, ...others] = BASES;
      const half = turn >> 1;
      const all = [...others, BESIDE[Math.floor(half / (others.length + 1)) % BESIDE.length] ?? 0];
      const first = turn % 2 === 0 ? usual : all[half % all.length] ?? usual;
      return [first, ...[usual, ...all].filter((address) => address !== first)];
    },
    next: () => void turn++,
  };
}

/** Finds the SunSpec map of a unit and walks it. Reads only; about two requests a model. */
export async function discover(
  reader: RegisterReader,
  unit: number,
  { signal, maxRead = MAX_READ, order, thorough = false }: DiscoveryOptions = {},
): Promise<Discovery> {
  const read: Read = (address, count, options = {}) =>
    reader.read(unit, "holding", address, count, { ...options, ...(signal ? { signal } : {}) });
  const base = await findBase(read, { order, thorough });
  if (!base.ok) return base;
  if (base.value === undefined) {
    const message = `Unit ${unit} has no SunSpec map at ${BASES.join(", ")}`;
    return { ok: false, fault: { kind: "not_sunspec", message } };
  }
  const models = await walk(read, base.value, maxRead);
  if (!models.ok) return models;
  return { ok: true, devices: devicesIn(models.value.models).map(describe), ended: models.value.ended };
}

type Read = (address: number, count: number, options?: RequestOptions) => Promise<BusOutcome<readonly number[]>>;

/** One model of the chain; `texts` are the words of model 1. */
interface FoundModel extends ModelBlock {
  readonly texts: readonly number[];
}

/** Devices refuse or ignore reads where they have nothing. */
const NOTHING_THERE: RequestOptions = { mayBeSilent: true };

/**
 * The address of the marker "SunS". All bases are asked once, as silence at one says nothing about the next; then those
 * that gave nothing again, as an answer may have been lost. Of a unit that is there the addresses beside are asked as well;
 * `thorough`: of any.
 */
async function findBase(
  read: Read,
  { order, thorough }: { readonly order: BaseOrder | undefined; readonly thorough: boolean },
): Promise<BusOutcome<number | undefined>> {
  const silent: number[] = [];
  const failed: BusFault[] = [];
  let lags = false;
  let fault: BusFault | undefined;
  const addresses = order?.current() ?? BASES;
  for (const base of addresses) {
    const outcome = await read(base, MARKER_WORDS, { ...NOTHING_THERE, retries: 0 });
    if (base === addresses[0] && (outcome.ok || outcome.fault.kind !== "offline")) order?.next();
    if (isMarker(outcome)) return { ok: true, value: base };
    if (!outcome.ok && mayRefuseRegisters(outcome.fault) && !refusesRegisters(outcome.fault)) {
      failed.push(outcome.fault);
    }
    if (outcome.ok || refuses(outcome.fault)) continue;
    if (endsEverything(outcome.fault)) return { ok: false, fault: fault ?? outcome.fault };
    lags ||= outcome.fault.kind === "foreign";
    fault ??= outcome.fault;
    silent.push(base);
  }
  const alive = silent.length < addresses.length;
  for (const address of alive || thorough ? BESIDE.filter((one) => !addresses.includes(one)) : []) {
    const outcome = await read(address, MARKER_WORDS, { ...NOTHING_THERE, retries: 0 });
    if (isMarker(outcome)) return { ok: true, value: address };
    if (!outcome.ok && endsEverything(outcome.fault)) return outcome;
  }
  for (const base of silent.filter((base) => BASES.includes(base))) {
    const patience = lags ? { retries: LAGGING_RETRIES } : {};
    const outcome = await read(base, MARKER_WORDS, alive ? NOTHING_THERE : patience);
    if (isMarker(outcome)) return { ok: true, value: base };
    if (outcome.ok || refuses(outcome.fault) || alive) continue;
    return outcome;
  }
  const [failure] = failed;
  return failure && failed.length === addresses.length
    ? { ok: false, fault: failure } // a device that starts, or has a trouble: another time it may say more
    : { ok: true, value: undefined };
}

function isMarker(outcome: BusOutcome<readonly number[]>): boolean {
  return outcome.ok && SUNS.every((word, i) => outcome.value[i] === word);
}

/**
 * The models behind the marker. ID and length are read one by one: some devices have nothing after the end marker's ID.
 * Field devices end the chain with 0xFFFF, with 0, with a refusal, with silence, or not at all.
 */
async function walk(read: Read, base: number, maxRead: number): Promise<BusOutcome<Chain>> {
  const models: FoundModel[] = [];
  let at = base + 2;
  for (let count = 0; count < MAX_MODELS && at + 2 <= 0x1_0000; count++) {
    const header = count === 0 ? await readHeader(read, at) : await readNextHeader(read, at, base);
    if (!header.ok) {
      if (refuses(header.fault)) return { ok: true, value: { models, ended: false } };
      return header;
    }
    const { model, length, silent = false } = header.value;
    if (silent) return { ok: true, value: { models, ended: false } };
    if (model === END || model === 0 || at + 2 + length > 0x1_0000) break;
    const block: ModelBlock = { model, address: at, length };
    const texts = model === COMMON ? await readTexts(read, block, maxRead) : [];
    if (length > 0) models.push({ ...block, texts });
    at += 2 + length;
  }
  return { ok: true, value: { models, ended: true } };
}

interface Chain {
  readonly models: readonly FoundModel[];
  readonly ended: boolean;
}

type Header = BusOutcome<{ readonly model: number; readonly length: number; readonly silent?: true }>;

/** Silence ends the chain when the unit answers at its base and then keeps silent again: it was no lost answer. */
async function readNextHeader(read: Read, address: number, base: number): Promise<Header> {
  const first = await readHeader(read, address, NOTHING_THERE);
  if (!first.ok && mayRefuseRegisters(first.fault) && !refusesRegisters(first.fault)) {
    return await readHeader(read, address, NOTHING_THERE); // the device failed, for once or because of this register
  }
  if (first.ok || first.fault.kind !== "timeout") return first;
  const alive = await read(base, MARKER_WORDS);
  if (!alive.ok) return alive;
  const second = await readHeader(read, address, NOTHING_THERE);
  return second.ok || second.fault.kind !== "timeout"
    ? second
    : { ok: true, value: { model: END, length: 0, silent: true } };
}

async function readHeader(read: Read, address: number, options?: RequestOptions): Promise<Header> {
  const id = await read(address, 1, options);
  if (!id.ok) return id;
  const model = id.value[0] ?? END;
  if (model === END || model === 0) return { ok: true, value: { model, length: 0 } };
  const length = await read(address + 1, 1, options);
  return length.ok ? { ok: true, value: { model, length: length.value[0] ?? 0 } } : length;
}

/** Who the device is. A map whose texts cannot be read, or not at once, is still a map. */
async function readTexts(read: Read, { address, length }: ModelBlock, maxRead: number): Promise<readonly number[]> {
  const count = Math.min(length, IDENTITY_WORDS);
  for (const most of count > TEXT_WORDS ? [maxRead, Math.min(maxRead, TEXT_WORDS)] : [maxRead]) {
    const words = await readPieces(read, address + 2, count, most);
    if (words.length > 0) return words;
  }
  return [];
}

/** The words from `address` on, up to the first piece that cannot be read. */
async function readPieces(read: Read, address: number, count: number, most: number): Promise<readonly number[]> {
  const words: number[] = [];
  while (words.length < count) {
    const piece = await read(address + words.length, Math.min(most, count - words.length), NOTHING_THERE);
    if (!piece.ok || piece.value.length === 0) break;
    words.push(...piece.value);
  }
  return words;
}

function describe({ models, guest }: DeviceModels<FoundModel>): FoundDevice {
  const blocks = models.map(({ model, address, length }) => ({ model, address, length }));
  const profile = profileById(formatMapId(blocks.filter((block) => isKnownModel(block.model))));
  const texts = (guest ?? models).find((model) => model.model === COMMON)?.texts ?? [];
  // The serial number is that of the device whose model 1 it is.
  const identity = guest ? { ...identityOf(texts), serialNumber: "" } : identityOf(texts);
  return { identity, blocks, ...(profile ? { profile } : {}) };
}

/** Whether there is nothing at this address. A busy device may have it. */
function refuses(fault: BusFault): boolean {
  return fault.kind === "exception" && !isBusy(fault.code);
}

/** Faults of the line or the caller, and a device that is busy: asking on would tell nothing about it. */
function endsEverything(fault: BusFault): boolean {
  switch (fault.kind) {
    case "offline":
    case "line":
    case "aborted":
    case "refused":
      return true;
    case "exception":
      return isBusy(fault.code);
    default:
      return false;
  }
}
