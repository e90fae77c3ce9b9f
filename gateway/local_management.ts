import type { Clock } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import { createManagement, type Management } from "./management.ts";
import { createSampleReader, type SampleReader } from "./sample_reader.ts";
import { openStores } from "./stores.ts";

/** A gateway's data directory, opened at the machine itself. */
export interface LocalManagement extends AsyncDisposable {
  readonly management: Management;
  readonly samples: SampleReader;
}

export interface LocalManagementIo {
  readonly clock: Pick<Clock, "now">;
  readonly random: Random;
  readonly allowPublishedKeys?: boolean;
}

/**
 * Opens a data directory for the use cases of operators, also while a gateway runs on it: its registry and its tokens are
 * read anew when another process changed them. Who may read the directory needs no token.
 */
export async function openLocalManagement(dataDir: string, io: LocalManagementIo): Promise<LocalManagement> {
  const { clock, random, allowPublishedKeys = false } = io;
  // The security log is the running gateway's to trim: nothing here appends to it.
  const stores = await openStores(dataDir, { random, securityLogRows: Infinity, allowPublishedKeys });
  return {
    management: createManagement({ ...stores, clock }),
    samples: createSampleReader(stores),
    [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose](),
  };
}
