import type { DatabaseSync } from "node:sqlite";
import { getLogger } from "@logtape/logtape";
import { openGatewayDatabase } from "../../gateway/store/database.ts";
import { createServices, type Services } from "../../gateway/services.ts";
import { createStores, type Stores } from "../../gateway/store/stores.ts";
import { openKeyVault } from "../../keys/key_vault.ts";
import { type Clock, systemClock } from "../../platform/clock.ts";
import { systemRandom } from "../../platform/random.ts";
import { layEmptyDatabase } from "./empty_database.ts";

/** The real stores of a data directory, with the database under them and the use cases over them. */
export interface OpenedStores extends AsyncDisposable {
  readonly db: DatabaseSync;
  readonly stores: Stores;
  readonly services: Services;
}

export interface StoresOptions {
  readonly clock?: Clock;
  readonly timeZone?: string;
}

export async function openTestStores(folder: string, options: StoresOptions = {}): Promise<OpenedStores> {
  const { clock = systemClock, timeZone = "UTC" } = options;
  layEmptyDatabase(folder);
  const db = openGatewayDatabase(folder);
  const vault = await openKeyVault(folder, systemRandom);
  const stores = createStores(db, vault, { random: systemRandom, clock, securityLogRows: 1_000 });
  const io = { dataDir: folder, clock, random: systemRandom, log: getLogger(["test"]) };
  const services = createServices(stores, { time_zone: timeZone }, io);
  return { db, stores, services, [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose]() };
}
