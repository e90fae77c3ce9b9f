import type { DatabaseSync } from "node:sqlite";
import { openGatewayDatabase } from "../../gateway/store/database.ts";
import type { Devices, NewDevice, Registered } from "../../gateway/store/devices.ts";
import { createStores, type Stores } from "../../gateway/store/stores.ts";
import { createKeyVault } from "../../keys/key_vault.ts";
import { systemClock } from "../../platform/clock.ts";
import { systemRandom } from "../../platform/random.ts";
import { layEmptyDatabase } from "./empty_database.ts";

/** A real gateway database in a directory of its own, which goes away with it. */
export interface GatewayStore extends Disposable {
  readonly directory: string;
  readonly db: DatabaseSync;
  readonly stores: Stores;
  readonly devices: Devices;
  /** Closes the database and opens it again, as a restart does. */
  restart(): GatewayStore;
}

const ownVault = await createKeyVault(systemRandom.bytes(32), systemRandom);

/** `opened` is called before anything is asked of the database. */
export function openGatewayStore(
  directory = Deno.makeTempDirSync(),
  vault = ownVault,
  opened: (db: DatabaseSync) => void = () => {},
): GatewayStore {
  layEmptyDatabase(directory);
  const db = openGatewayDatabase(directory);
  opened(db);
  const options = { random: systemRandom, clock: systemClock, securityLogRows: 100_000, allowPublishedKeys: true };
  const stores = createStores(db, vault, options);
  const close = () => {
    if (db.isOpen) db.close();
  };
  return {
    directory,
    db,
    stores,
    devices: stores.devices,
    restart() {
      close();
      return openGatewayStore(directory, vault);
    },
    [Symbol.dispose]() {
      close();
      Deno.removeSync(directory, { recursive: true });
    },
  };
}

/** Registers a device, outside of any transaction. */
export async function register(devices: Pick<Devices, "add">, device: NewDevice, now = 1): Promise<Registered> {
  const add = await devices.add(device);
  return add(now);
}
