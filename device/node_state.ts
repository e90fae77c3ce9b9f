import { join } from "node:path";
import type { NodeConfig } from "./config/node_config.ts";
import type { NodeIo } from "./node_io.ts";
import { Outbox } from "./outbox/outbox.ts";
import { openNodeDatabase, prepareNodeDatabase } from "./store/database.ts";
import { Sequence } from "./store/sequence.ts";

/** The node's database inside its data directory. */
export function nodeDatabasePath(dataDir: string): string {
  return join(dataDir, "node.sqlite");
}

/** What survives the process: everything closes with `opening`. */
export async function openState(config: NodeConfig, io: NodeIo, opening: AsyncDisposableStack) {
  const { dataDir, tailDir = dataDir, clock, log } = io;
  for (const folder of [dataDir, tailDir]) await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const path = nodeDatabasePath(dataDir);
  await prepareNodeDatabase(path, { onTrial: io.onTrial ?? false, log });
  const db = opening.adopt(openNodeDatabase(path), (db) => db.close());
  const sequence = new Sequence(db);
  const outbox = opening.use(
    new Outbox({
      db,
      tailPath: join(tailDir, "node.tail"),
      limitBytes: config.outbox_limit,
      firstBlock: clock.now(),
      alongside: () => sequence.topUp(),
      clock,
      log,
    }),
  );
  return { db, sequence, outbox };
}
