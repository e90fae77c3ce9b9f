import { textFromWords } from "../raw.ts";

/** What SunSpec's model 1 says of a device. Texts only, so it is read at discovery and never polled. */
export interface Identity {
  readonly manufacturer: string;
  readonly model: string;
  readonly options: string;
  readonly version: string;
  readonly serialNumber: string;
}

/** Registers of model 1 that hold these texts, counted from its ID register (offset 2, 64 of them). */
export const IDENTITY_WORDS = 64;

/**
 * Reads the texts out of the registers of model 1 that follow its header. Missing words give empty texts.
 *
 * @example
 * ```ts
 * identityOf([0x4543, 0x4f00]).manufacturer; // => "ECO"
 * ```
 */
export function identityOf(words: readonly number[]): Identity {
  return {
    manufacturer: textFromWords(words.slice(0, 16)),
    model: textFromWords(words.slice(16, 32)),
    options: textFromWords(words.slice(32, 40)),
    version: textFromWords(words.slice(40, 48)),
    serialNumber: textFromWords(words.slice(48, 64)),
  };
}
