import { createApp, handlerOf } from "./app.ts";
import { createCommandNotifier } from "./command/notifier.ts";
import { GatewayConfig } from "./config.ts";
import { appIo } from "./app_io.ts";
import type { GatewayIo } from "./gateway_io.ts";
import { localToken } from "./auth/session.ts";
import { createManagement } from "./management/management.ts";
import { openStores } from "./stores.ts";

/** The operator API of a data directory, answered inside this process. */
export interface LocalApi extends AsyncDisposable {
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
  // The security log is the running gateway's to trim: nothing here appends to it.
  const { clock, random } = machine;
  const stores = await openStores(dataDir, { random, securityLogRows: Infinity });
  const io = { dataDir, ...machine };
  const management = createManagement({ ...stores, clock });
  const app = createApp({
    ...appIo(GatewayConfig.parse({}), io, stores, {
      management,
      notifier: createCommandNotifier({ db: stores.db, clock }),
    }),
    tokens: { ...stores.tokens, find: () => localToken("admin", clock.now()) },
  });
  const handler = handlerOf(app);
  return {
    async answer(request) {
      request.headers.set("authorization", "Bearer local");
      return await handler(request, "local");
    },
    [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose](),
  };
}
