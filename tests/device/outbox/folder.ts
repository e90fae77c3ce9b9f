import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { FakeClock } from "../../fakes/clock.ts";
import { openNodeDatabase } from "../../../device/store/database.ts";
import type { StoredBlock } from "../../../device/outbox/block_table.ts";
import { Outbox, type OutboxIo } from "../../../device/outbox/outbox.ts";
import { decodeBlock } from "../../../protocol/block/block.ts";
import type { Sample } from "../../../protocol/sample.ts";

export const roof = { inverter: "roof", profile: "ecowatt", registers: ["Vac1", "Pac"] };
export const barn = { inverter: "barn", profile: "ecowatt", registers: ["Pac"] };

/** A node's folder for the length of a test; `open` opens what a started node would. */
export class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "ecowatt-outbox-" });
  readonly #opened: Disposable[] = [];

  open(options: Partial<OutboxIo> = {}) {
    const db = openNodeDatabase(`${this.path}/node.sqlite`);
    const outbox = new Outbox({
      db,
      tailPath: `${this.path}/tail`,
      limitBytes: 2 ** 20,
      firstBlock: 1,
      clock: new FakeClock(),
      log: getLogger(["test"]),
      ...options,
    });
    this.#opened.push(db, outbox); // in this order: without its database the outbox can seal no more
    return { db, outbox };
  }

  /** What a killed process leaves: its locks are gone, nothing else happened. */
  kill(): void {
    for (const opened of this.#opened.splice(0)) opened[Symbol.dispose]();
  }

  /** What a process leaves that ends by itself: the outbox before its database. */
  end(): void {
    for (const opened of this.#opened.splice(0).toReversed()) opened[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.kill();
    Deno.removeSync(this.path, { recursive: true });
  }
}

export function sample(n: number): Sample {
  return { at: 1_782_000_000_000 + 2000 * n, values: [2300 + n % 3, n] };
}

export function blocks(outbox: Outbox): readonly StoredBlock[] {
  return outbox.peek({ maxBlocks: 1000, share: () => 0 });
}

export function samples(outbox: Outbox): readonly Sample[] {
  return blocks(outbox).flatMap((block) => {
    const decoded = decodeBlock(block.payload, { columns: block.registers.length, count: block.count });
    assert.ok(decoded.ok);
    return decoded.value;
  });
}

export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => sample(from + i));
