import { createRateLimitedWarnings } from "../platform/rate_limited_warnings.ts";
import { createAuthenticator } from "./auth/authenticator.ts";
import { createKeyRing } from "./auth/key_ring.ts";
import { createRequestOrder } from "./auth/request_order.ts";
import { createCommandRoutes } from "./http/command_routes.ts";
import { firmwareRoutes } from "./http/firmware_routes.ts";
import type { GatewayIo } from "./gateway_io.ts";
import type { DeviceEdgeIo } from "./http/device_edge.ts";
import { createDevicePaths } from "./http/device_paths.ts";
import type { DeviceRoute } from "./http/device_route.ts";
import { type BodyLimits, createBodyReader } from "./http/request_body.ts";
import type { Handler } from "./http/server.ts";
import { createProfileRoute } from "./http/profile_route.ts";
import { createProcessRoute } from "./http/process_route.ts";
import { createBoardMemory } from "./ingest/board_memory.ts";
import { createBoardMender } from "./ingest/board_mender.ts";
import { createColumnsOf } from "./ingest/columns.ts";
import type { SampleFeed } from "./ingest/sample_feed.ts";
import { createUploadPace } from "./ingest/upload_bounds.ts";
import type { Services } from "./services.ts";
import { settingsRoutes } from "./http/settings_routes.ts";
import type { Stores } from "./store/stores.ts";

/** What devices are served from. */
interface DeviceApiParts {
  readonly stores: Stores;
  readonly services: Services;
  /** Hears of samples when they are on disk. */
  readonly feed: SampleFeed;
  /** Whether what is stored goes out over MQTT. */
  readonly publishes: boolean;
  readonly limits: BodyLimits;
  /** Ends answers that wait. */
  readonly signal: AbortSignal;
  readonly io: Pick<GatewayIo, "clock" | "log">;
}

/** The handlers of every path that devices post to; `more` come first. */
export function createDeviceApi(
  parts: DeviceApiParts,
  more: readonly DeviceRoute[] = [],
): ReadonlyMap<string, Handler> {
  return createDevicePaths([...routesOf(parts), ...more], edgeOf(parts));
}

function routesOf({ stores, services, feed, publishes, io: { clock, log } }: DeviceApiParts): readonly DeviceRoute[] {
  const { receipts, quarantine, commands, commit, twins, history, firmwareSessions, profiles } = stores;
  const { samples, states, notifier, firmware, firmwareRollouts } = services;
  const boards = createBoardMemory(stores.boards);
  const mender = createBoardMender({ samples, boards, commit, log });
  const pace = createUploadPace(clock);
  const columnsOf = createColumnsOf(profiles.profileOf);
  return [
    createProcessRoute({ samples, receipts, boards, quarantine, mender, feed, publishes, columnsOf, pace, log }),
    createProfileRoute({ profiles, pace }),
    ...createCommandRoutes({ commands, commit, notifier, clock }),
    ...settingsRoutes({ twins, history, told: states.told, log }),
    ...firmwareRoutes({ firmware, firmwareRollouts, firmwareSessions, log, upSince: clock.now() }),
  ];
}

/** What all paths share. */
function edgeOf({ stores, services, limits, signal, io: { clock, log } }: DeviceApiParts): DeviceEdgeIo {
  const { devices, replay, securityLog, commit } = stores;
  const ring = createKeyRing(devices);
  return {
    ring,
    authenticate: createAuthenticator({ ring, devices }),
    order: createRequestOrder(),
    devices,
    replay,
    securityLog,
    commits: commit,
    heard: services.states.heard,
    readBody: createBodyReader(limits, { clock, signal }),
    warn: createRateLimitedWarnings(log, clock),
    clock,
    log,
    signal,
  };
}
