import type { Profile, Register } from "../../protocol/profile/register.ts";
import type { ModelBlock } from "../../protocol/profile/sunspec/map_id.ts";
import { mapProfile } from "../../protocol/profile/sunspec/map_profile.ts";
import type { SunSpecOptions } from "./options.ts";

/** The models behind that of the inverter, with their lengths: ratings, settings, status, controls, and two strings. */
const OTHER_MODELS = [[120, 26], [121, 30], [122, 44], [123, 24], [160, 8 + 2 * 20]] as const;
const SUNS = [0x5375, 0x6e53] as const;

/** A SunSpec map laid out: what lies where, and the words that never change. */
export interface SunSpecMap {
  readonly base: number;
  /** Model number of the inverter block: 101, 103, 111 or 113. */
  readonly inverterModel: number;
  readonly profile: Profile;
  /** All words from `base` on: marker, headers and texts are in place. */
  readonly frame: readonly number[];
  /** Registers that can be written, by address. */
  readonly writable: ReadonlyMap<number, Register>;
}

/** What model 1 says, besides the unit id. */
interface IdentityTexts {
  readonly manufacturer: string;
  readonly model: string;
  readonly version: string;
  readonly serialNumber: string;
}

/** Lays the models out one after the other, with the deviations asked for. */
export function layMap(options: SunSpecOptions, phases: 1 | 3, unit: number, texts: IdentityTexts): SunSpecMap {
  const inverterModel = (options.float ? 111 : 101) + (phases === 1 ? 0 : 2);
  const blocks: ModelBlock[] = [{ model: 1, address: options.base + 2, length: options.identityLength }];
  let address = options.base + 2 + 2 + options.identityLength;
  for (const [model, length] of [[inverterModel, options.float ? 60 : 50] as const, ...OTHER_MODELS]) {
    blocks.push({ model, address, length });
    address += 2 + length;
  }
  const profile = mapProfile(blocks);
  return {
    base: options.base,
    inverterModel,
    profile,
    frame: frameOf(options, blocks, [...identityWords(texts), unit]),
    writable: new Map(profile.registers.filter((r) => r.access === "read-write").map((r) => [r.address, r])),
  };
}

function frameOf(options: SunSpecOptions, blocks: readonly ModelBlock[], identity: readonly number[]): number[] {
  const frame: number[] = [...SUNS];
  for (const { model, length } of blocks) {
    const body = new Array<number>(length).fill(0);
    if (model === 1) body.splice(0, identity.length, ...identity);
    // The pad of model 1 and of others is not implemented: 0x8000.
    if (model === 1 && length > identity.length) body[identity.length] = 0x8000;
    frame.push(model, length, ...body);
  }
  const ends = { marker: [0xffff, 0], bare: [0xffff], zero: [0, 0], none: [] } as const;
  frame.push(...ends[options.end]);
  return frame;
}

function identityWords(texts: IdentityTexts): readonly number[] {
  const options = "";
  return [
    ...textWords(texts.manufacturer, 16),
    ...textWords(texts.model, 16),
    ...textWords(options, 8),
    ...textWords(texts.version, 8),
    ...textWords(texts.serialNumber, 16),
  ];
}

/** A SunSpec string: two characters a register, padded with NUL. */
function textWords(text: string, words: number): readonly number[] {
  const bytes = new TextEncoder().encode(text);
  return Array.from({ length: words }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
}
