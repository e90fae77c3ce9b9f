import type { DatabaseSync } from "node:sqlite";
import type { Logger } from "@logtape/logtape";
import { pathAndQuery } from "../../crypto/message_signature.ts";
import type { Clock } from "../../platform/clock.ts";
import { MAX_BODY_BYTES } from "../../protocol/messages/sample_blocks.ts";
import { createRequestOrder } from "../auth/request_order.ts";
import { createAuthenticator } from "../auth/authenticator.ts";
import { createKeyRing } from "../auth/key_ring.ts";
import { createDeviceEdge } from "./device_edge.ts";
import type { DeviceRoute } from "./device_route.ts";
import { createRateLimitedWarnings } from "../../platform/rate_limited_warnings.ts";
import { createProcessRoute } from "../ingest/process_route.ts";
import { createSampleFeed, type SampleFeed } from "../ingest/sample_feed.ts";
import type { SampleSink } from "../store/port/sample_batch.ts";
import { type BodyLimits, createBodyReader } from "./request_body.ts";
import type { Handler } from "./server.ts";
import { createBlockReceipts } from "../store/block_receipts.ts";
import { createBoardStates } from "../store/board_states.ts";
import type { Device, Devices } from "../store/devices.ts";
import type { GroupCommit } from "../store/group_commit.ts";
import { createQuarantine } from "../store/quarantine.ts";
import { createReplay } from "../store/replay.ts";
import { createSecurityLog, type SecurityLog } from "../store/security_log.ts";

/** Bounds of what devices send (contract/1-link §1). */
export const DEVICE_LIMITS: BodyLimits = { maxBytes: MAX_BODY_BYTES, timeoutMs: 30_000 };

export interface DevicePathsIo {
  readonly db: DatabaseSync;
  readonly devices: Devices;
  readonly samples: SampleSink;
  readonly commits: GroupCommit;
  readonly clock: Clock;
  readonly log: Logger;
  /** Hears of every device whose request was authentic and new. */
  readonly heard?: (device: Device, at: number) => void;
  /** Ends answers that wait. */
  readonly signal: AbortSignal;
  readonly limits?: BodyLimits;
  /** One with the default bound when left out. */
  readonly securityLog?: SecurityLog;
  /** Hears of samples when they are on disk. */
  readonly feed?: SampleFeed;
  /** Whether what is stored goes out over MQTT; not, when left out. */
  readonly publishes?: boolean;
}

/** The handlers of every path that devices post to: `/process`, and those of `more`. */
export function createDevicePaths(io: DevicePathsIo, more: readonly DeviceRoute[] = []): ReadonlyMap<string, Handler> {
  const { db, devices } = io;
  const process = createProcessRoute({
    samples: io.samples,
    receipts: createBlockReceipts(db),
    boards: createBoardStates(db),
    quarantine: createQuarantine(db),
    feed: io.feed ?? createSampleFeed(io.log),
    publishes: io.publishes ?? false,
    log: io.log,
  });
  const ring = createKeyRing(devices);
  const edge = {
    ...io,
    ring,
    authenticate: createAuthenticator({ ring, devices }),
    order: createRequestOrder(),
    replay: createReplay(db),
    securityLog: io.securityLog ?? createSecurityLog(db),
    warn: createRateLimitedWarnings(io.log, io.clock),
    readBody: createBodyReader(io.limits ?? DEVICE_LIMITS, io.signal),
  };
  return new Map([process, ...more].map((route) => [route.path, createDeviceEdge(edge, route)]));
}

/** Gives the paths of devices to their handlers and everything else to `other`. */
export function dispatch(paths: ReadonlyMap<string, Handler>, other: Handler): Handler {
  return (request, address) => (paths.get(pathAndQuery(request.url).path) ?? other)(request, address);
}
