import { profileById } from "../../protocol/profile/catalogue.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import { type Identity, IDENTITY_WORDS, identityOf } from "../../protocol/profile/sunspec/identity.ts";
import { formatMapId, MAX_MODELS, type ModelBlock } from "../../protocol/profile/sunspec/map_id.ts";
import { isKnownModel } from "../../protocol/profile/sunspec/map_profile.ts";
import type { BusFault, BusOutcome } from "../modbus/fault.ts";
import type { RegisterReader } from "./register_reader.ts";

/** One device found behind a unit id: an inverter, or a meter that shares it. */
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
export type Discovery =
  | { readonly ok: true; readonly devices: readonly FoundDevice[] }
  | { readonly ok: false; readonly fault: DiscoveryFault };

/** Where the map may begin (SunSpec Device Information Model Specification §6.1), the usual place first. */
const BASES = [40_000, 0, 50_000];
const SUNS = [0x5375, 0x6e53];
const END = 0xffff;
const COMMON = 1;

/** How a discovery is done. */
interface DiscoveryOptions {
  readonly signal?: AbortSignal;
  /**
   * Attempts before this one. Each begins at another base, because a device that ignores what it does not have is
   * taken for dead after the first.
   */
  readonly attempt?: number;
}

/** Finds the SunSpec map of a unit and walks it. Reads only; about two requests a model. */
export async function discover(
  reader: RegisterReader,
  unit: number,
  { signal, attempt = 0 }: DiscoveryOptions = {},
): Promise<Discovery> {
  const read: Read = (address, count) => reader.read(unit, "holding", address, count, signal ? { signal } : {});
  const base = await findBase(read, attempt % BASES.length);
  if (!base.ok) return base;
  if (base.value === undefined) {
    const message = `Unit ${unit} has no SunSpec map at ${BASES.join(", ")}`;
    return { ok: false, fault: { kind: "not_sunspec", message } };
  }
  const models = await walk(read, base.value + 2);
  return models.ok ? { ok: true, devices: byDevice(models.value).map(describe) } : models;
}

type Read = (address: number, count: number) => Promise<BusOutcome<readonly number[]>>;

/** One model of the chain; `texts` are the words of model 1. */
interface FoundModel extends ModelBlock {
  readonly texts: readonly number[];
}

/** The address of the marker "SunS". Devices refuse or ignore reads where they have nothing: both mean "not here". */
async function findBase(read: Read, first: number): Promise<BusOutcome<number | undefined>> {
  let answered = false;
  let silence: BusFault | undefined;
  for (const base of [...BASES.slice(first), ...BASES.slice(0, first)]) {
    const outcome = await read(base, 3);
    if (outcome.ok && SUNS.every((word, i) => outcome.value[i] === word)) return { ok: true, value: base };
    if (!outcome.ok && endsEverything(outcome.fault)) return { ok: false, fault: silence ?? outcome.fault };
    if (outcome.ok || outcome.fault.kind === "exception") answered = true;
    else silence = outcome.fault;
  }
  return answered || !silence ? { ok: true, value: undefined } : { ok: false, fault: silence };
}

/**
 * The models from `address` on. ID and length are read one by one: some devices have nothing after the end marker's ID.
 * Field devices end the chain with 0xFFFF, with 0, with a refusal, with silence, or not at all.
 */
async function walk(read: Read, address: number): Promise<BusOutcome<readonly FoundModel[]>> {
  const models: FoundModel[] = [];
  let at = address;
  for (let count = 0; count < MAX_MODELS && at + 2 <= 0x1_0000; count++) {
    const header = await readHeader(read, at);
    if (!header.ok) {
      const chainEnds = header.fault.kind === "exception" || (count > 0 && header.fault.kind === "timeout");
      if (chainEnds) break;
      return header;
    }
    const { model, length } = header.value;
    if (model === END || model === 0 || at + 2 + length > 0x1_0000) break;
    const block: ModelBlock = { model, address: at, length };
    const texts = model === COMMON ? await readTexts(read, block) : [];
    if (length > 0) models.push({ ...block, texts });
    at += 2 + length;
  }
  return { ok: true, value: models };
}

async function readHeader(read: Read, address: number): Promise<BusOutcome<{ model: number; length: number }>> {
  const id = await read(address, 1);
  if (!id.ok) return id;
  const model = id.value[0] ?? END;
  if (model === END || model === 0) return { ok: true, value: { model, length: 0 } };
  const length = await read(address + 1, 1);
  return length.ok ? { ok: true, value: { model, length: length.value[0] ?? 0 } } : length;
}

/** Who the device is, read on the way: silence at the end of the chain makes the bus rest. One that refuses is nameless. */
async function readTexts(read: Read, block: ModelBlock): Promise<readonly number[]> {
  if (block.length === 0) return [];
  const texts = await read(block.address + 2, Math.min(block.length, IDENTITY_WORDS));
  return texts.ok ? texts.value : [];
}

/** Each model 1 begins another device. */
function byDevice(models: readonly FoundModel[]): readonly (readonly FoundModel[])[] {
  const devices: FoundModel[][] = [];
  for (const model of models) {
    const current = devices.at(-1);
    if (model.model === COMMON || !current) devices.push([model]);
    else current.push(model);
  }
  return devices;
}

function describe(models: readonly FoundModel[]): FoundDevice {
  const blocks = models.map(({ model, address, length }) => ({ model, address, length }));
  const profile = profileById(formatMapId(blocks.filter((block) => isKnownModel(block.model))));
  const texts = models.find((model) => model.model === COMMON)?.texts ?? [];
  return { identity: identityOf(texts), blocks, ...(profile ? { profile } : {}) };
}

/** Faults of the line or the caller: asking on would tell nothing about the device. */
function endsEverything(fault: BusFault): boolean {
  return fault.kind === "offline" || fault.kind === "line" || fault.kind === "aborted" || fault.kind === "refused";
}
