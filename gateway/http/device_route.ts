import type { z } from "zod";
import { type Bytes, utf8 } from "../../crypto/bytes.ts";
import type { DeviceCall, DeviceRequest, Identity } from "../auth/identity.ts";
import { Fault } from "../fault.ts";
import { parseJson } from "../json_text.ts";
import type { Device } from "../store/devices.ts";

/** An answer as it goes on the wire, before it is signed. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Bytes;
  /** `Content-Digest` of the body, where it is known. */
  readonly digest?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What follows from it; called as soon as the transaction is on disk. */
  readonly stored?: () => void;
}

/** An answer that has to wait for something: the transaction has been committed when it is called. */
export type DeferredAnswer = (signal: AbortSignal) => Promise<Answer>;

/** The effect of a request. Runs inside the transaction that uses the request's number; a `Fault` undoes the effect only. */
export interface Effect {
  (now: number): Answer | DeferredAnswer;
  /** How long it holds the store, as `GroupCommit.run` counts it; nothing to speak of when left out. */
  readonly work?: number;
}

/** One path that devices post to. */
export interface DeviceRoute {
  readonly path: string;
  /**
   * Reads the body of an authentic request and gives what is to be done. Throws `Fault`: `malformed`, `forbidden`, `refused`.
   * Nothing is written here. What takes long gives way to others in between.
   */
  prepare(identity: Identity, request: DeviceRequest): Effect | Promise<Effect>;
}

/** A path whose body is described by a schema with `device_id`, which has to be the sender's own. */
export function deviceRoute<T extends { readonly device_id: string }>(
  path: string,
  schema: z.ZodType<T>,
  handler: (call: DeviceCall<T>) => Answer | DeferredAnswer,
): DeviceRoute {
  return {
    path,
    prepare({ device }, request) {
      const body = parseBody(schema, request.body);
      requireOwnName(device, body.device_id);
      return (now) => handler({ device, body, now });
    },
  };
}

/** The body as its schema reads it. Throws `Fault` `malformed` with every broken rule. */
export function parseBody<T>(schema: z.ZodType<T>, body: Uint8Array): T {
  const json = parseJson(body);
  if (!json.ok) throw new Fault("malformed", json.detail);
  return checkBody(schema, json.value);
}

/** A parsed body as its schema reads it. Throws `Fault`, `malformed` unless said otherwise, with the first 20 broken rules. */
export function checkBody<T>(schema: z.ZodType<T>, value: unknown, otherwise: Otherwise = BROKEN_RULES): T {
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const fields = checked.error.issues.slice(0, 20).map(({ path, message }) => ({ path: pathOf(path), message }));
  throw new Fault(otherwise.code, otherwise.message, { fields });
}

/** How a body is refused that its schema does not take. */
type Otherwise = Pick<Fault, "code" | "message">;

const BROKEN_RULES: Otherwise = { code: "malformed", message: "The body breaks the rules of this path" };

/** A device may only speak for itself (contract/1-link §3); boards do so under the name they share. */
export function requireOwnName(device: Device, name: string): void {
  if (name === device.deviceId || (device.wireId !== undefined && name === device.wireId)) return;
  throw new Fault("forbidden", "The body speaks for another device");
}

export function jsonAnswer(status: number, value: unknown): Answer {
  return { status, type: "application/json", body: utf8(JSON.stringify(value)) };
}

/** `blocks[0].count` */
function pathOf(path: readonly PropertyKey[]): string {
  return path.map((key, i) => typeof key === "number" ? `[${key}]` : i === 0 ? String(key) : `.${String(key)}`).join(
    "",
  );
}
