import { z } from "zod";
import { InverterState } from "../../protocol/messages/node_health.ts";

/** What may be asked of a running node by whoever may open its socket. */
export const LocalQuestion = z.discriminatedUnion("ask", [
  /** How it is doing: `NodeStatus`. */
  z.strictObject({ ask: z.literal("status") }),
  /** Whether the gateway takes its signature: `Probe`. */
  z.strictObject({ ask: z.literal("probe") }),
  /** A copy of its database beside it: `DatabaseCopy`. Whoever asks removes it. */
  z.strictObject({ ask: z.literal("backup") }),
]);
export type LocalQuestion = z.infer<typeof LocalQuestion>;

/** What a node answers, one line of JSON. */
export const LocalAnswer = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), message: z.string() }),
]);
export type LocalAnswer = z.infer<typeof LocalAnswer>;

/** Where a copy of the node's database is: a name in its data directory. */
export const DatabaseCopy = z.object({ file: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,99}$/) });
export type DatabaseCopy = z.infer<typeof DatabaseCopy>;

/** `Probe` of device/uplink/probe.ts, as it comes over the socket. */
export const ProbeAnswer = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("accepted") }),
  z.object({ kind: z.literal("refused"), reason: z.string() }),
  z.object({ kind: z.literal("unproven"), reason: z.string() }),
  z.object({ kind: z.literal("unreachable"), reason: z.string() }),
]);

/** The part of `NodeStatus` that others look at. Times in unix milliseconds. */
export const StatusAnswer = z.object({
  device: z.string(),
  inverters: z.array(z.object({
    inverter: z.string(),
    profile: z.string().optional(),
    samples: z.number(),
    failuresInRow: z.number(),
    lastSampleAt: z.number().optional(),
    lastFault: z.string().optional(),
    health: z.object({ state: InverterState, reason: z.string() }).optional(),
    quarantined: z.array(z.object({ register: z.string(), code: z.number() })),
    oddities: z.object({ quirks: z.array(z.string()), lateMs: z.number().optional() }).optional(),
  })),
  outbox: z.object({ waiting: z.number(), droppedSamples: z.number(), diskFault: z.string().optional() }),
  uplink: z.object({
    failuresInRow: z.number(),
    lastOkAt: z.number().optional(),
    lastError: z.string().optional(),
    refusedProfiles: z.array(z.object({ profile: z.string(), reason: z.string() })).default([]),
  }),
});
export type StatusAnswer = z.infer<typeof StatusAnswer>;

/** Most bytes of a question or an answer. */
const MAX_LINE_BYTES = 1024 * 1024;

/** The socket of the node whose state is in `dataDir`. */
export function localServicePath(dataDir: string): string {
  return `${dataDir}/node.sock`;
}

/** Longest path that fits into a socket address (unix(7): 108 bytes with a NUL). */
export const MAX_PATH_BYTES = 107;

/** The bytes up to a newline, or to the end of the stream; `undefined` when there are too many. */
export async function readLine(
  stream: { read(buffer: Uint8Array): Promise<number | null> },
): Promise<string | undefined> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(64 * 1024);
  for (let text = "", length = 0;;) {
    const count = await stream.read(buffer);
    if (count === null) return text;
    length += count;
    if (length > MAX_LINE_BYTES) return undefined;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
}

/** Writes a value as one line of JSON. */
export async function writeLine(stream: { write(bytes: Uint8Array): Promise<number> }, value: unknown): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  for (let done = 0; done < bytes.length;) done += await stream.write(bytes.subarray(done));
}
