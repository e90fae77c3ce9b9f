import type { Logger } from "@logtape/logtape";
import { toBase64 } from "../../crypto/bytes.ts";
import type { Clock } from "../../platform/clock.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import type { Random } from "../../platform/random.ts";
import { CODEC } from "../../protocol/block/block.ts";
import {
  MAX_BLOCKS,
  MAX_BODY_BYTES,
  MAX_MINUTES,
  MAX_VALUES,
  minutesBetween,
  type SampleBlock,
} from "../../protocol/messages/sample_blocks.ts";
import type { StoredBlock } from "../outbox/block_table.ts";
import type { Portion } from "../outbox/outbox.ts";
import { gatewayPauseMs } from "./pause.ts";
import type { Notifier } from "./notifier.ts";
import type { Poster } from "./exchange.ts";
import type { ProfileCarrier, RefusedProfile } from "./profile_carrier.ts";
import { judge, type Verdict } from "./verdict.ts";

/** Times that the gateway may refuse a block alone before it is set aside. */
const MAX_STRIKES = 3;
/** Bytes of a body that are left to its frame. */
const FRAME_BYTES = 4096;

/** What the uplink stands on. */
interface UplinkIo {
  readonly device: string;
  readonly outbox: {
    peek(portion: Portion): readonly StoredBlock[];
    acknowledge(ids: readonly number[]): void;
    setAside(id: number, reason: string): void;
    readonly nextBlock: number;
    ofThisRun(): readonly number[];
    numberAnew(ids: readonly number[], next: number): void;
  };
  readonly gateway: Poster;
  readonly profiles: Pick<ProfileCarrier, "held" | "bring" | "unknown" | "known" | "refused">;
  /** Rings when there may be something to send. */
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly random: Pick<Random, "float">;
  readonly log: Logger;
}

/** How the uplink is doing. Times in unix milliseconds. */
export interface UplinkStatus {
  readonly sentBlocks: number;
  readonly setAside: number;
  /** Profiles that the gateway does not take: their samples wait. */
  readonly refusedProfiles: readonly RefusedProfile[];
  readonly failuresInRow: number;
  readonly lastOkAt?: number;
  readonly lastError?: string;
  /** When it tries again. */
  readonly retryAt?: number;
}

/**
 * Carries blocks from the outbox to the gateway, oldest first, several a request. A failure halves what is sent at once
 * and a success doubles it: so a bad block is found, and a slow line gets small requests.
 */
export class Uplink {
  readonly #io: UplinkIo;
  readonly #trouble: RateLimitedLog;
  #most = 1;
  #strikes = { id: 0, count: 0 };
  /** Blocks that may have arrived though nobody said so. */
  readonly #mayBeThere = new Set<number>();
  #sentBlocks = 0;
  #setAside = 0;
  #failures = 0;
  /** Whether what happens now is the gateway's own word, or ours. */
  #heard = true;
  #lastOkAt: number | undefined;
  #lastError: string | undefined;
  #retryAt: number | undefined;

  constructor(io: UplinkIo) {
    this.#io = io;
    this.#trouble = new RateLimitedLog(io.log, io.clock);
  }

  /** Sends until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const pause = await this.#step(signal);
      if (signal.aborted) return;
      if (pause === "idle") await this.#io.notifier.wait(signal);
      else if (pause > 0) await this.#sleep(pause, signal);
    }
  }

  status(): UplinkStatus {
    return {
      sentBlocks: this.#sentBlocks,
      setAside: this.#setAside,
      refusedProfiles: this.#io.profiles.refused(),
      failuresInRow: this.#failures,
      ...(this.#lastOkAt === undefined ? {} : { lastOkAt: this.#lastOkAt }),
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
      ...(this.#retryAt === undefined ? {} : { retryAt: this.#retryAt }),
    };
  }

  /** One request. How many milliseconds to pause after it; `idle`: nothing to send. */
  async #step(signal: AbortSignal): Promise<number | "idle"> {
    this.#heard = true;
    try {
      const { outbox, profiles } = this.#io;
      const blocks = outbox.peek({ maxBlocks: this.#most, share, held: profiles.held() });
      if (blocks.length === 0) return "idle";
      const brought = await profiles.bring(blocks.map(({ profile }) => profile), signal);
      if (signal.aborted) return 0;
      if (brought.kind === "later") return Math.max(brought.waitMs, this.#failed(brought.reason));
      if (blocks.some(({ profile }) => profiles.held().has(profile))) return 0; // refused just now: without its blocks
      const message = { device_id: this.#io.device, data_type: "sample_blocks", blocks: blocks.map(toMessage) };
      const exchange = await this.#io.gateway.post("/process", message, signal);
      if (signal.aborted) return 0;
      this.#heard = exchange.kind === "answer";
      if (exchange.kind !== "answer" || exchange.again) { for (const { id } of blocks) this.#mayBeThere.add(id); }
      return this.#act(judge(exchange, this.#io.device, blocks.map(({ id }) => id)), blocks);
    } catch (error) {
      // The disk: no sequence number, or the outbox cannot be read. It may come back.
      return this.#failed(error instanceof Error ? error.message : String(error));
    }
  }

  #act(verdict: Verdict, blocks: readonly StoredBlock[]): number {
    switch (verdict.kind) {
      case "stored":
        return this.#stored(verdict, blocks);
      case "refused":
        return this.#refused(verdict, blocks);
      case "unknown_profile":
        return this.#unknownProfile(verdict, blocks);
      case "later":
        return Math.max(verdict.waitMs, this.#failed(verdict.reason));
      default:
        return verdict satisfies never;
    }
  }

  #stored({ ids, known, nextBlock }: Extract<Verdict, { kind: "stored" }>, blocks: readonly StoredBlock[]): number {
    this.#io.profiles.known(profilesOf(blocks, ids));
    this.#io.outbox.acknowledge(ids.filter((id) => !known.includes(id)));
    const taken = known.length === 0 || nextBlock === undefined ? [] : this.#takenByOthers(known, nextBlock);
    if (nextBlock !== undefined && taken.length > 0) this.#numberAnew(taken, nextBlock);
    this.#io.outbox.acknowledge(known.filter((id) => !taken.includes(id)));
    for (const id of ids) this.#mayBeThere.delete(id);
    this.#trouble.ended("gateway takes samples again");
    this.#sentBlocks += ids.length;
    this.#most = Math.min(MAX_BLOCKS, this.#most * 2);
    this.#failures = 0;
    this.#lastOkAt = this.#io.clock.now();
    this.#lastError = undefined;
    return 0;
  }

  /**
   * Blocks of this run that the gateway cannot have, as it has others under their numbers: a node that was restored from a
   * backup, on a clock that is behind, makes them anew. It is so when more was stored than this node ever made, and for what
   * was never sent before.
   */
  #takenByOthers(known: readonly number[], nextBlock: number): readonly number[] {
    const ours = this.#io.outbox.ofThisRun();
    if (nextBlock > this.#io.outbox.nextBlock) return ours.filter((id) => id < nextBlock);
    return ours.filter((id) => known.includes(id) && !this.#mayBeThere.has(id));
  }

  #numberAnew(taken: readonly number[], nextBlock: number): void {
    this.#io.outbox.numberAnew(taken, nextBlock);
    const { length: blocks } = taken;
    this.#io.log.warn("numbers of {blocks} new blocks were used before, by this node as it was: they get others", {
      blocks,
    });
  }

  /** Halves down to the one block that is at fault; sets that aside only on the gateway's own word. */
  #refused({ reason, proven }: Extract<Verdict, { kind: "refused" }>, blocks: readonly StoredBlock[]): number {
    const [block] = blocks;
    if (block === undefined || blocks.length > 1) {
      this.#most = Math.max(1, Math.floor(blocks.length / 2));
      this.#lastError = reason;
      return gatewayPauseMs(1, this.#io.random.float());
    }
    if (!proven) return this.#failed(reason);
    this.#strikes = { id: block.id, count: this.#strikes.id === block.id ? this.#strikes.count + 1 : 1 };
    if (this.#strikes.count < MAX_STRIKES) {
      this.#lastError = reason;
      return gatewayPauseMs(this.#strikes.count, this.#io.random.float());
    }
    this.#io.outbox.setAside(block.id, reason);
    this.#setAside++;
    this.#io.log.error("block {block} set aside: {reason}", { block: block.id, reason });
    return 0;
  }

  /** Nothing is wrong with the samples: they are sent again when the gateway has been told what they mean. */
  #unknownProfile({ ids, reason }: Extract<Verdict, { kind: "unknown_profile" }>, blocks: readonly StoredBlock[]): 0 {
    this.#io.profiles.unknown(profilesOf(blocks, ids));
    this.#lastError = reason;
    return 0;
  }

  #failed(reason: string): number {
    this.#failures++;
    this.#most = Math.max(1, Math.floor(this.#most / 2));
    // What is no answer of the gateway is logged for all who ask (gateway_log.ts).
    if (this.#heard) this.#trouble.happened("upload failed: {reason}", { reason });
    this.#lastError = reason;
    return gatewayPauseMs(this.#failures, this.#io.random.float());
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.#retryAt = this.#io.clock.now() + ms;
    await this.#io.clock.sleep(ms, signal);
    this.#retryAt = undefined;
  }
}

/** What part of a request's room a block takes: of its bytes, or of the values or the minutes that the gateway takes at once. */
function share({ payload, profile, registers, count, startMs, endMs }: StoredBlock): number {
  const names = registers.reduce((sum, name) => sum + name.length + 3, 0);
  const bytes = Math.ceil(payload.length / 3) * 4 + names + profile.length + 320;
  const minutes = Math.min(count, minutesBetween(startMs, endMs));
  return Math.max(
    bytes / (MAX_BODY_BYTES - FRAME_BYTES),
    count * registers.length / MAX_VALUES,
    minutes / MAX_MINUTES,
  );
}

function profilesOf(blocks: readonly StoredBlock[], ids: readonly number[]): readonly string[] {
  return blocks.filter(({ id }) => ids.includes(id)).map(({ profile }) => profile);
}

function toMessage(block: StoredBlock): SampleBlock {
  return {
    block_id: block.id,
    inverter: block.inverter,
    profile: block.profile,
    registers: [...block.registers],
    codec: CODEC,
    count: block.count,
    start_ms: block.startMs,
    end_ms: block.endMs,
    payload: toBase64(block.payload),
  };
}
