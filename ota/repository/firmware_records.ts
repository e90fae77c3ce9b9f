import { join } from "node:path";
import { Firmware } from "../manifest/firmware.ts";

/** A record, and the file that it was read from. */
interface Known {
  readonly file: string;
  readonly firmware: Firmware;
}

/**
 * The records of images on disk. Every chunk asks for one, so each is read and parsed once while its file is the same; other
 * processes may remove it and put another in its place.
 *
 * @example
 * ```ts
 * new FirmwareRecords("firmware.json").read(await Deno.makeTempDir()); // => undefined
 * ```
 */
export class FirmwareRecords {
  readonly #name: string;
  readonly #known = new Map<string, Known>();

  /** `name`: of the record in the folder of its image. */
  constructor(name: string) {
    this.#name = name;
  }

  /** The record in a folder; `undefined` when there is none. */
  read(folder: string): Firmware | undefined {
    const path = join(folder, this.#name);
    try {
      const { ino, mtime, size } = Deno.statSync(path);
      const file = `${ino} ${mtime?.getTime()} ${size}`;
      const known = this.#known.get(path);
      if (known?.file === file) return known.firmware;
      const firmware = Firmware.parse(JSON.parse(Deno.readTextFileSync(path)));
      this.#known.set(path, { file, firmware });
      return firmware;
    } catch (error) {
      this.#known.delete(path);
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
      throw new Error(`Cannot read the firmware in ${folder}`, { cause: error });
    }
  }
}
