import { type Outcome, refusal, success } from "../../outcome.ts";

/** Where one information model of an inverter lies. */
export interface ModelBlock {
  readonly model: number;
  /** Zero-based PDU address of the block's ID register; its length register follows. */
  readonly address: number;
  /** Registers after those two, as the inverter states it. */
  readonly length: number;
}

/** More models than this are no inverter but a runaway chain. */
export const MAX_MODELS = 32;

const PREFIX = "sunspec:";
const MAX_ID_LENGTH = PREFIX.length + MAX_MODELS * "65535@65535/65535,".length;
const BLOCK = /^([1-9][0-9]{0,4})@(0|[1-9][0-9]{0,4})\/([1-9][0-9]{0,4})$/;

/**
 * The profile id that carries the whole map: `sunspec:1@40002/66,103@40070/50`. Blocks in order of their addresses.
 *
 * @example
 * ```ts
 * formatMapId([{ model: 103, address: 40_070, length: 50 }]); // => "sunspec:103@40070/50"
 * ```
 */
export function formatMapId(blocks: readonly ModelBlock[]): string {
  return PREFIX + blocks.map(({ model, address, length }) => `${model}@${address}/${length}`).join(",");
}

/**
 * The blocks of such an id; refused unless `formatMapId` would give exactly this text.
 *
 * @example
 * ```ts
 * parseMapId("sunspec:103@40070/50"); // => { ok: true, value: [{ model: 103, address: 40_070, length: 50 }] }
 * parseMapId("ecowatt").ok; // => false
 * ```
 */
export function parseMapId(id: string): Outcome<readonly ModelBlock[], "foreign" | "malformed" | "overlap"> {
  if (!id.startsWith(PREFIX)) return refusal("foreign", "Not the id of a SunSpec map");
  if (id.length > MAX_ID_LENGTH) {
    return refusal("malformed", `A SunSpec map id has at most ${MAX_ID_LENGTH} characters`);
  }
  const parts = id.slice(PREFIX.length).split(",");
  if (parts.length > MAX_MODELS) return refusal("malformed", `A SunSpec map has at most ${MAX_MODELS} models`);
  const blocks: ModelBlock[] = [];
  let free = 0;
  for (const part of parts) {
    const [, model, address, length] = (BLOCK.exec(part) ?? []).map(Number);
    if (model === undefined || address === undefined || length === undefined || model > 0xffff) {
      return refusal("malformed", `Expected model@address/length, found ${part.slice(0, 20)}`);
    }
    const end = address + 2 + length;
    if (address < free || end > 0x1_0000) return refusal("overlap", `Model ${model} at ${address} lies over another`);
    free = end;
    blocks.push({ model, address, length });
  }
  return success(blocks);
}
