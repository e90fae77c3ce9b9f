import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { BroughtProfileAnswer } from "../../protocol/messages/profiles.ts";
import type { Poster } from "./exchange.ts";
import { replyOf } from "./reply.ts";

/** Milliseconds until a profile that was refused is brought again: somebody may have updated the gateway, or made room. */
const AGAIN_MS = 900_000;

/** A profile as it is written in its file, JSON. */
export interface WrittenProfile {
  readonly profile: string;
  readonly document: string;
}

/** Where the documents of profiles are. */
export interface ProfileDocuments {
  /** As it is written, JSON; `undefined`: there is none, as of the ten registers, or it is gone. */
  of(profile: string): string | undefined;
}

interface ProfileCarrierIo {
  readonly device: string;
  readonly gateway: Poster;
  readonly documents: ProfileDocuments;
  /** Whether every gateway of this version has a profile. */
  readonly isCommon: (profile: string) => boolean;
  readonly clock: Pick<Clock, "monotonic">;
  readonly log: Logger;
}

/** A profile that the gateway does not take: its samples wait. */
export interface RefusedProfile {
  readonly profile: string;
  readonly reason: string;
}

/** What came of bringing profiles. `later`: the gateway is not reached, or is busy, and nothing else is to be sent either. */
type Brought = { readonly kind: "done" } | { readonly kind: "later"; readonly reason: string; readonly waitMs: number };

/**
 * Brings the gateway the profiles that it needs for the blocks to come: the owner's own once in a run, others when it says that
 * it does not know them. One that it refuses holds up its own blocks and no others.
 */
export class ProfileCarrier {
  readonly #io: ProfileCarrierIo;
  /** Those that it has taken in this run. */
  readonly #taken = new Set<string>();
  /** Those that it said it does not know. */
  readonly #asked = new Set<string>();
  readonly #refused = new Map<string, { readonly reason: string; readonly againAt: number }>();

  constructor(io: ProfileCarrierIo) {
    this.#io = io;
  }

  /** Those whose blocks are not to be sent now. */
  held(): ReadonlySet<string> {
    const now = this.#io.clock.monotonic();
    return new Set([...this.#refused].filter(([, { againAt }]) => againAt > now).map(([profile]) => profile));
  }

  refused(): readonly RefusedProfile[] {
    return [...this.#refused].map(([profile, { reason }]) => ({ profile, reason }));
  }

  /** Brings what the gateway lacks of these, before their blocks are sent. */
  async bring(profiles: Iterable<string>, signal: AbortSignal): Promise<Brought> {
    for (const profile of new Set(profiles)) {
      const document = this.#isDue(profile) ? this.#io.documents.of(profile) : undefined;
      if (document === undefined) continue;
      const brought = await this.#post(profile, document, signal);
      if (brought.kind === "later" || signal.aborted) return brought;
    }
    return { kind: "done" };
  }

  /** The gateway does not know these profiles of blocks that it was sent. */
  unknown(profiles: Iterable<string>): void {
    for (const profile of new Set(profiles)) {
      if (this.#io.documents.of(profile) === undefined) {
        this.#refuse(profile, "the gateway does not know it, and there is no document to bring: is the gateway older?");
      } else if (this.#asked.has(profile)) {
        this.#refuse(profile, "the gateway took it and does not know it");
      } else {
        this.#taken.delete(profile);
        this.#asked.add(profile);
      }
    }
  }

  /** The gateway has taken blocks of these. */
  known(profiles: Iterable<string>): void {
    for (const profile of profiles) {
      this.#asked.delete(profile);
      if (this.#refused.delete(profile)) this.#io.log.info("gateway takes profile {profile}", { profile });
    }
  }

  #isDue(profile: string): boolean {
    if (this.#taken.has(profile)) return false;
    return this.#asked.has(profile) || !this.#io.isCommon(profile);
  }

  async #post(profile: string, document: string, signal: AbortSignal): Promise<Brought> {
    const message = { device_id: this.#io.device, document: JSON.parse(document) };
    const exchange = await this.#io.gateway.post("/profiles", message, signal);
    if (signal.aborted) return { kind: "done" };
    const reply = replyOf(exchange, BroughtProfileAnswer);
    // A gateway from before there were profiles says so without a signature. It is no proof, and costs these blocks a while.
    const isOlder = reply.kind === "unsupported" || (exchange.kind === "unproven" && exchange.status === 404);
    if (reply.kind === "later" && !isOlder) return reply;
    if (reply.kind === "ok" && reply.value.profiles.includes(profile)) this.#taken.add(profile);
    else if (isOlder) this.#refuse(profile, "the gateway does not take profiles: update it");
    else this.#refuse(profile, reply.kind === "refused" ? reply.reason : "the gateway reads it as another one");
    return { kind: "done" };
  }

  /** Told once, and again when there is another reason. */
  #refuse(profile: string, reason: string): void {
    this.#taken.delete(profile);
    this.#asked.add(profile);
    const before = this.#refused.get(profile);
    this.#refused.set(profile, { reason, againAt: this.#io.clock.monotonic() + AGAIN_MS });
    if (before?.reason === reason) return;
    this.#io.log.warn("gateway does not take profile {profile}, its samples wait here: {reason}", { profile, reason });
  }
}
