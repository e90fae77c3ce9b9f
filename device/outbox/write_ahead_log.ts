import { crc32 } from "node:zlib";
import { type Bytes, concat, utf8 } from "../../crypto/bytes.ts";
import { isReadOnlyError } from "../../platform/read_only.ts";

/** One line of the tail file: JSON that the outbox understands. */
export type LogRecord = readonly unknown[];

/** Bytes kept for the next attempt while the disk refuses them. Past it, lines are given up until the next `restart`. */
const MAX_PENDING = 1024 * 1024;
const NEWLINE = 10;

/**
 * The file that keeps samples from being lost with the process until they are sealed into a block: a line each, with a
 * CRC-32, one small write and no fsync. A line cut by a power cut fails its CRC and is passed over. A header line names
 * the generation; what stands above it is void.
 */
export class WriteAheadLog implements Disposable {
  /** `undefined`: the disk has not let it be opened for writing yet. */
  #file: Deno.FsFile | undefined;
  readonly #path: string;
  #pending: Bytes = new Uint8Array(0);
  /** The last line in the file may be cut. */
  #broken = false;
  #gaveUp = false;

  /**
   * Opens or creates the file and returns what it holds of `generation`. On a disk that takes no writes what is there is read,
   * and the file is opened for writing when lines are appended.
   */
  static open(
    path: string,
    generation: number,
  ): { readonly tail: WriteAheadLog; readonly records: readonly LogRecord[] } {
    const file = openToWrite(path);
    const tail = new WriteAheadLog(file, path);
    const found = parse(file === undefined ? textOf(path) : readAll(file));
    if (found.generation === generation) {
      tail.#broken = true;
      return { tail, records: found.records };
    }
    tail.restart(generation);
    return { tail, records: [] };
  }

  private constructor(file: Deno.FsFile | undefined, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /** Whether lines are missing that were appended. */
  get gaveUp(): boolean {
    return this.#gaveUp;
  }

  /** Appends lines. Gives why the disk did not take all of them; the rest is tried again with the next. */
  append(records: readonly LogRecord[]): Error | undefined {
    if (this.#gaveUp) return this.#refused("it has refused too much");
    const lines = concat(this.#pending, ...records.map(line));
    const bytes = this.#broken ? concat(Uint8Array.of(NEWLINE), lines) : lines;
    const { written, error } = this.#write(bytes);
    if (written > 0) this.#broken = bytes[written - 1] !== NEWLINE;
    const whole = written === 0 ? 0 : bytes.lastIndexOf(NEWLINE, written - 1) + 1;
    this.#pending = bytes.slice(whole);
    this.#gaveUp = this.#pending.length > MAX_PENDING;
    return error === undefined ? undefined : this.#refused(error);
  }

  /** Voids all lines: they are sealed. */
  restart(generation: number): void {
    try {
      this.#opened().truncateSync(0);
      this.#broken = false;
    } catch {
      this.#broken = true; // the header below voids what is there
    }
    this.#pending = line(["tail", generation]);
    this.#gaveUp = false;
  }

  [Symbol.dispose](): void {
    this.#file?.close();
  }

  /** How many bytes the disk took, and why not all. */
  #write(bytes: Bytes): { readonly written: number; readonly error?: unknown } {
    let written = 0;
    try {
      const file = this.#opened();
      while (written < bytes.length) written += file.writeSync(bytes.subarray(written));
      return { written };
    } catch (error) {
      return { written, error };
    }
  }

  #opened(): Deno.FsFile {
    return this.#file ??= openSync(this.#path);
  }

  #refused(reason: unknown): Error {
    const why = reason instanceof Error ? reason.message : String(reason);
    return new Error(`Cannot write to ${this.#path}: ${why}`, { cause: reason });
  }
}

function line(record: LogRecord): Bytes {
  const text = JSON.stringify(record);
  return utf8(`${checksum(text)} ${text}\n`);
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}

function parse(text: string): { readonly generation: number; readonly records: readonly LogRecord[] } {
  let generation = 0;
  let records: LogRecord[] = [];
  for (const whole of text.split("\n")) {
    const body = whole.slice(9);
    if (whole.slice(0, 9) !== `${checksum(body)} `) continue;
    const record: unknown = JSON.parse(body);
    if (!Array.isArray(record)) continue;
    if (record[0] === "tail") {
      generation = Number(record[1]);
      records = [];
    } else {
      records.push(record);
    }
  }
  return { generation, records };
}

function openSync(path: string): Deno.FsFile {
  return Deno.openSync(path, { read: true, append: true, create: true, mode: 0o600 });
}

/** `undefined` when the disk takes no writes. */
function openToWrite(path: string): Deno.FsFile | undefined {
  try {
    return openSync(path);
  } catch (error) {
    if (isReadOnlyError(error)) return undefined;
    throw error;
  }
}

/** Nothing when there is no file. */
function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function readAll(file: Deno.FsFile): string {
  const bytes = new Uint8Array(file.statSync().size);
  file.seekSync(0, Deno.SeekMode.Start);
  for (let offset = 0; offset < bytes.length;) {
    const read = file.readSync(bytes.subarray(offset));
    if (read === null) break;
    offset += read;
  }
  return new TextDecoder().decode(bytes);
}
