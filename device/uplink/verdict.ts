import { z } from "zod";
import { SampleBlocksAnswer } from "../../protocol/messages/sample_blocks.ts";
import type { Exchange } from "./gateway_client.ts";

/** What is to be done after an upload. */
export type Verdict =
  /** The gateway has these blocks. */
  | { readonly kind: "stored"; readonly ids: readonly number[] }
  /** The sequence number was used before (a disk image restored): go on from this one. */
  | { readonly kind: "replay"; readonly next: number }
  /** The content was refused. `proven`: by the gateway itself, not by something on the way. */
  | { readonly kind: "refused"; readonly reason: string; readonly proven: boolean }
  /** Try again later, as it is. `waitMs`: not before. */
  | { readonly kind: "later"; readonly reason: string; readonly waitMs: number };

/** Statuses that speak of the body, not of the sender, the time or the server. */
const CONTENT = new Set([400, 413, 422]);
/** Longest wait that the gateway may ask for, and that somebody unproven may. */
const PROVEN_WAIT_MS = 3_600_000;
const UNPROVEN_WAIT_MS = 300_000;

const Replay = z.object({ next_sequence: z.int().min(1) });
const Problem = z.object({
  detail: z.string().optional(),
  message: z.string().optional(),
  error: z.string().optional(),
});

/** Judges what an upload of `sent` blocks by `device` came to. Only a proven answer makes anything final. */
export function judge(exchange: Exchange, device: string, sent: readonly number[]): Verdict {
  switch (exchange.kind) {
    case "unreachable":
      return { kind: "later", reason: exchange.message, waitMs: 0 };
    case "unproven":
      if (CONTENT.has(exchange.status)) return { kind: "refused", reason: exchange.message, proven: false };
      return later(exchange.message, exchange.retryAfterMs, UNPROVEN_WAIT_MS);
    case "answer":
      return exchange.status === 200 ? stored(exchange.body, device, sent) : declined(exchange);
    default:
      return exchange satisfies never;
  }
}

function stored(body: unknown, device: string, sent: readonly number[]): Verdict {
  const answer = SampleBlocksAnswer.safeParse(body);
  if (!answer.success || answer.data.device_id !== device) return later("200, but not the answer to an upload", 0, 0);
  const { accepted_blocks, duplicate_blocks, quarantined_blocks } = answer.data;
  const named = new Set([...accepted_blocks, ...duplicate_blocks, ...quarantined_blocks]);
  const ids = sent.filter((id) => named.has(id));
  return ids.length > 0 ? { kind: "stored", ids } : later("200, but none of the blocks acknowledged", 0, 0);
}

function declined({ status, body, retryAfterMs }: Extract<Exchange, { kind: "answer" }>): Verdict {
  const replay = Replay.safeParse(body);
  if (replay.success) return { kind: "replay", next: replay.data.next_sequence };
  const problem = Problem.safeParse(body);
  const said = problem.success ? problem.data.detail ?? problem.data.message ?? problem.data.error : undefined;
  const reason = said === undefined ? `${status}` : `${status}: ${said}`;
  return CONTENT.has(status) ? { kind: "refused", reason, proven: true } : later(reason, retryAfterMs, PROVEN_WAIT_MS);
}

function later(reason: string, waitMs: number | undefined, longest: number): Verdict {
  return { kind: "later", reason, waitMs: Math.min(waitMs ?? 0, longest) };
}
