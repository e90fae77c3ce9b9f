import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { signResponse } from "../../protocol/device_signature.ts";
import { utf8 } from "../../crypto/bytes.ts";
import type { RequestOrder } from "../auth/request_order.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import type { DeviceRequest, Identity, Unauthenticated } from "../auth/identity.ts";
import type { KeyRing } from "../auth/key_ring.ts";
import { claimNumber, refusalOf } from "../auth/replay_check.ts";
import type { Answer, DeferredAnswer, DeviceRoute, Effect } from "./device_route.ts";
import { Fault, STATUS } from "../fault.ts";
import { PROBLEM_TYPE, problemOf, problemResponse } from "./problem.ts";
import type { RateLimitedWarnings } from "../../platform/rate_limited_warnings.ts";
import { type BodyReader, requireJson } from "./request_body.ts";
import type { Handler } from "./server.ts";
import type { Device, Devices } from "../store/devices.ts";
import type { GroupCommit } from "../store/group_commit.ts";
import type { Replay } from "../store/replay.ts";
import { type SecurityLog, type Validation, writeNoted } from "../store/security_log.ts";

/** What the paths of devices share. */
export interface DeviceEdgeIo {
  readonly authenticate: Authenticator;
  /** One for all paths. */
  readonly order: RequestOrder;
  readonly ring: Pick<KeyRing, "isActive">;
  readonly devices: Devices;
  readonly replay: Replay;
  readonly securityLog: SecurityLog;
  readonly commits: GroupCommit;
  readonly clock: Clock;
  readonly log: Logger;
  readonly readBody: BodyReader;
  readonly warn: RateLimitedWarnings;
  /** Hears of every device whose request was authentic and new, and what its clock said, if it told; unix milliseconds. */
  readonly heard?: (device: Device, at: number, told?: number) => void;
  /** Ends answers that wait. */
  readonly signal: AbortSignal;
}

/** Boards read until the connection is closed (contract/2-boards §2), so every answer without a signature closes it. */
const CLOSE = { "connection": "close" };
const CHALLENGE = { "www-authenticate": 'Signature realm="ecowatt"', ...CLOSE };

/**
 * Answers the requests of devices on one path: bounded body, authentication, then number, log and effect in one transaction,
 * and the answer only when that is on disk. Answers to `signed` devices are signed, refusals too.
 */
export function createDeviceEdge(io: DeviceEdgeIo, route: DeviceRoute): Handler {
  return async (request, address) => {
    try {
      if (request.method !== "POST") return wrongMethod();
      requireJson(request.headers);
      const body = await io.readBody(request);
      const { method, url, headers } = request;
      return await answer(io, route, { method, url, path: route.path, headers, body, address });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return problemResponse(error, CLOSE);
    }
  };
}

function answer(io: DeviceEdgeIo, route: DeviceRoute, request: DeviceRequest): Promise<Response> {
  return io.order.inTurn(senderOf(request), prepared(io, route, request), ({ identity, effect }) => {
    return effect === undefined ? refuse(io, identity, request) : admit(io, { identity, effect }, request);
  });
}

type Stranger = Unauthenticated & { readonly fault?: Fault };

/** Somebody who may enter, with what is to be done; or somebody who may not. */
type Prepared = { readonly identity: Stranger; readonly effect?: undefined } | Admitted;

interface Admitted {
  readonly identity: Identity;
  readonly effect: Effect;
}

async function prepared(io: DeviceEdgeIo, route: DeviceRoute, request: DeviceRequest): Promise<Prepared> {
  const identity = await identify(io, request);
  if (identity.kind === "unauthenticated") return { identity };
  return { identity, effect: await prepare(route, identity, request) };
}

/** Who says that it sends: enough to keep a sender's requests in their order. */
function senderOf({ headers, address }: DeviceRequest): string {
  return headers.get("x-device-id") ?? address;
}

/** Waits with the other writes before it gives way to any other request of the device. */
async function admit(io: DeviceEdgeIo, { identity, effect }: Admitted, request: DeviceRequest): Promise<Response> {
  const outcome = await perform(io, identity, request, effect);
  if (outcome === "revoked") return await refuse(io, revoked(identity), request);
  if (typeof outcome === "function") return await respond(io, identity, await outcome(io.signal).catch(refusal));
  outcome.stored?.();
  return await outcome.response;
}

/** An answer that is being signed while its transaction is written to disk; it goes out when that is done. */
interface Ready extends Pick<Answer, "stored"> {
  readonly response: Promise<Response>;
}

function ready(io: DeviceEdgeIo, identity: Identity, answer: Answer): Ready {
  const response = respond(io, identity, answer);
  response.catch(() => {}); // nobody waits for it when the transaction is lost
  return { response, ...(answer.stored && { stored: answer.stored }) };
}

/** A fault that comes after the transaction is an answer too, and signed as any other. */
function refusal(error: unknown): Answer {
  if (!(error instanceof Fault)) throw error;
  return problemAnswer(error);
}

/** A body without a name is nobody's, for the log. */
async function identify(
  io: DeviceEdgeIo,
  request: DeviceRequest,
): Promise<Identity | Stranger> {
  try {
    return await io.authenticate(request);
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return { kind: "unauthenticated", reason: "malformed", detail: fault.message, fault };
  }
}

async function refuse(
  io: DeviceEdgeIo,
  unauthenticated: Stranger,
  request: DeviceRequest,
): Promise<Response> {
  const { reason, deviceId, detail } = unauthenticated;
  // Strangers come as often as they like: the log tells of each reason once a minute, the security log of all.
  io.warn(`device refused {path} ${reason} {device} {address} {detail}`, {
    path: request.path,
    device: deviceId,
    address: request.address,
    detail,
  });
  try {
    await io.commits.run(() => io.securityLog.append(refusalOf(unauthenticated, request, io.clock.now())));
  } catch (error) {
    io.log.error("refusal not logged: {error}", { error }); // who may not enter stays out, also when the disk is full
  }
  if (unauthenticated.fault) return problemResponse(unauthenticated.fault, CLOSE);
  const told = reason === "malformed" ? detail : "The request is not authentic";
  return problemResponse(new Fault("unauthenticated", told), CHALLENGE);
}

/** A body that breaks the rules has an effect as well: its answer. The number of the request is used up by it. */
async function prepare(route: DeviceRoute, identity: Identity, request: DeviceRequest): Promise<Effect> {
  try {
    return await route.prepare(identity, request);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return () => problemAnswer(error);
  }
}

async function perform(
  io: DeviceEdgeIo,
  identity: Identity,
  request: DeviceRequest,
  effect: Effect,
): Promise<Ready | DeferredAnswer | "revoked"> {
  let undo: (() => void) | undefined;
  try {
    const done = await io.commits.run(() => {
      if (identity.kind !== "address" && !io.ring.isActive(identity.key)) return "revoked";
      const now = io.clock.now();
      const claim = claimNumber(identity, request, { replay: io.replay, log: io.securityLog, now });
      if (claim.used) return { reply: ready(io, identity, replayAnswer(claim.nextSequence)) };
      undo = claim.undo;
      io.heard?.(identity.device, now, identity.kind === "signed" ? 1000 * identity.request.created : undefined);
      if (identity.kind === "board") io.devices.sawAt(identity.device, request.address);
      const reply = effect(now);
      return { line: claim.line, reply: typeof reply === "function" ? reply : ready(io, identity, reply) };
    }, { weight: effect.work, undone: () => undo?.() });
    if (done === "revoked") return done;
    if (done.line !== undefined) note(io, done.line);
    return done.reply;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code === "unavailable") return ready(io, identity, problemAnswer(error));
    return await perform(io, identity, request, () => problemAnswer(error)); // undone: use the number and log without the effect
  }
}

/** Many lines are written at a time; what a crash takes along are lines on what was accepted. */
function note({ securityLog, commits, log }: DeviceEdgeIo, line: Validation): void {
  if (!securityLog.note(line)) return;
  writeNoted(securityLog, commits).catch((error) => log.error("security log not written: {error}", { error }));
}

async function respond(io: DeviceEdgeIo, identity: Identity, answer: Answer): Promise<Response> {
  const { status, type, body, digest } = answer;
  const headers = { "content-type": type, ...answer.headers };
  if (identity.kind !== "signed") return new Response(body, { status, headers: { ...headers, ...CLOSE } });
  const created = Math.floor(io.clock.now() / 1000);
  return new Response(body, {
    status,
    headers: {
      ...headers,
      ...await signResponse(identity.request, { status, body, created, ...(digest && { digest }) }),
    },
  });
}

/** The key was taken away while it was used to verify the request. */
function revoked({ device }: Identity): Unauthenticated {
  return {
    kind: "unauthenticated",
    reason: "unknown_device",
    detail: "the key was revoked",
    deviceId: device.deviceId,
  };
}

function replayAnswer(nextSequence: number | undefined): Answer {
  const fault = new Fault("unauthenticated", "The sequence number was used before");
  const more = nextSequence === undefined ? {} : { next_sequence: nextSequence };
  return { ...problemAnswer(fault), body: utf8(JSON.stringify({ ...problemOf(fault), reason: "replay", ...more })) };
}

function problemAnswer(fault: Fault): Answer {
  return {
    status: STATUS[fault.code],
    type: PROBLEM_TYPE,
    body: utf8(JSON.stringify(problemOf(fault))),
    headers: {
      ...(fault.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) }),
      ...(fault.code === "unauthenticated" ? CHALLENGE : {}),
    },
  };
}

function wrongMethod(): Response {
  return problemResponse(new Fault("method_not_allowed", "This path takes POST"), { allow: "POST", ...CLOSE });
}
