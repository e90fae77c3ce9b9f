import { z } from "zod";
import { SampleBlocksAnswer } from "../../protocol/messages/sample_blocks.ts";
import type { Exchange } from "./exchange.ts";
import { replyOf } from "./reply.ts";

/** What is to be done after an upload. */
export type Verdict =
  /** The gateway has these blocks. */
  | {
    readonly kind: "stored";
    readonly ids: readonly number[];
    /** Those of them that it had before, under these numbers; and the first number that it never had, if it says so. */
    readonly known: readonly number[];
    readonly nextBlock?: number;
  }
  /** The content was refused. `proven`: by the gateway itself, not by something on the way. */
  | { readonly kind: "refused"; readonly reason: string; readonly proven: boolean }
  /** The gateway does not know the profiles of these blocks; nothing was said of the others. */
  | { readonly kind: "unknown_profile"; readonly reason: string; readonly ids: readonly number[] }
  /** Try again later, as it is. `waitMs`: not before. */
  | { readonly kind: "later"; readonly reason: string; readonly waitMs: number };

/** Statuses that speak of the body: other refusals say nothing against the samples, which stay. */
const CONTENT = new Set([400, 413, 422]);

/** Judges what an upload of `sent` blocks by `device` came to. Only a proven answer makes anything final. */
export function judge(exchange: Exchange, device: string, sent: readonly number[]): Verdict {
  if (exchange.kind === "unproven" && CONTENT.has(exchange.status)) {
    return { kind: "refused", reason: exchange.message, proven: false };
  }
  const reply = replyOf(exchange, SampleBlocksAnswer);
  switch (reply.kind) {
    case "ok":
      return stored(reply.value, device, sent);
    case "refused":
      if (!CONTENT.has(reply.status)) return later(reply.reason);
      return unknownProfile(exchange, reply.reason, sent) ?? { kind: "refused", reason: reply.reason, proven: true };
    case "unsupported":
      return later(reply.reason);
    case "later":
      return reply;
    default:
      return reply satisfies never;
  }
}

function stored(answer: SampleBlocksAnswer, device: string, sent: readonly number[]): Verdict {
  if (answer.device_id !== device) return later("200, but not the answer to an upload");
  const { accepted_blocks, duplicate_blocks, quarantined_blocks } = answer;
  const named = new Set([...accepted_blocks, ...duplicate_blocks, ...quarantined_blocks]);
  const ids = sent.filter((id) => named.has(id));
  if (ids.length === 0) return later("200, but none of the blocks acknowledged");
  const known = ids.filter((id) => duplicate_blocks.includes(id));
  return { kind: "stored", ids, known, ...(answer.next_block === undefined ? {} : { nextBlock: answer.next_block }) };
}

/** Which places of an upload a refusal names. */
const Places = z.object({ errors: z.array(z.object({ path: z.string() })).max(1_024) });
const PROFILE = /^blocks\[(\d+)\]\.profile$/;

function unknownProfile(exchange: Exchange, reason: string, sent: readonly number[]): Verdict | undefined {
  const places = Places.safeParse(exchange.kind === "answer" ? exchange.body : undefined);
  const indexes = (places.data?.errors ?? []).map(({ path }) => PROFILE.exec(path)?.[1]);
  const ids = indexes.flatMap((index) => index === undefined ? [] : sent[Number(index)] ?? []);
  return ids.length === 0 ? undefined : { kind: "unknown_profile", reason, ids };
}

function later(reason: string): Verdict {
  return { kind: "later", reason, waitMs: 0 };
}
