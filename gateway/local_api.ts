import { NO_EVENTS } from "./api/event_streams.ts";
import { type App, createApp, handlerOf } from "./app.ts";
import { localToken } from "./auth/session.ts";
import { GatewayConfig } from "./config.ts";
import type { GatewayIo } from "./gateway_io.ts";
import { createMetrics, createServices, type Services } from "./services.ts";
import { openStores, type Stores } from "./store/stores.ts";
import type { Tokens } from "./store/tokens.ts";
import { agesOf } from "./tasks/retention.ts";

/** The operator API of a data directory, answered inside this process. */
interface LocalApi extends AsyncDisposable {
  answer(request: Request): Promise<Response>;
}

/**
 * Opens a data directory for operators at the machine itself, also while a gateway runs on it. Every request is an
 * administrator's: who may read the directory needs no token.
 */
export async function openLocalApi(
  dataDir: string,
  { allowPublishedKeys: _, ...machine }: Omit<GatewayIo, "dataDir">,
): Promise<LocalApi> {
  const io = { dataDir, ...machine };
  const { clock, random } = io;
  // The security log is the running gateway's to trim: nothing here appends to it.
  const stores = await openStores(dataDir, { random, clock, securityLogRows: Infinity });
  const tokens = { ...stores.tokens, find: () => localToken("admin", clock.now()) };
  const handler = handlerOf(createLocalApp({ stores, services: createServices(stores, {}, io), tokens, io }));
  return {
    async answer(request) {
      request.headers.set("authorization", "Bearer local");
      return await handler(request, "local");
    },
    [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose](),
  };
}

interface LocalParts {
  readonly stores: Stores;
  readonly services: Services;
  readonly tokens: Tokens;
  readonly io: GatewayIo;
}

/** What operators are served where no gateway runs: nothing is published, and no events are told. */
export function createLocalApp({ stores, services, tokens, io }: LocalParts): App {
  const mqttLink = () => undefined;
  const metrics = createMetrics(stores, services, { mqttLink }, io);
  const ages = agesOf(GatewayConfig.parse({}));
  return createApp({ stores, services, tokens, metrics, events: NO_EVENTS, mqttLink, ages, io });
}
