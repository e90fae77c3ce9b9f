import { join } from "node:path";
import { packBackup } from "../../platform/backup_archive.ts";
import type { Clock } from "../../platform/clock.ts";
import { masterKeyId } from "../../keys/key_vault.ts";
import { backupGateway } from "../data_dir/backup.ts";
import { Fault } from "../fault.ts";

interface BackupsIo {
  readonly dataDir: string;
  readonly version: string;
  readonly clock: Pick<Clock, "now">;
}

/** Backups without keys, as they go over the network. */
export interface Backups {
  /**
   * One as things are now. The copy it is read from lies beside the database and goes away when the stream ends or is
   * cancelled. Throws `Fault` `unavailable` while another one is made: two at a time only wear the disk.
   */
  open(): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
}

const SCRATCH = "download-";

export function createBackups(io: BackupsIo): Backups {
  let busy = false;
  return {
    async open() {
      if (busy) throw new Fault("unavailable", "Another backup is being made", { retryAfter: 30 });
      busy = true;
      const cleanup = new AsyncDisposableStack();
      cleanup.defer(() => void (busy = false));
      try {
        const archive = await packed(io, await scratchOf(io.dataDir, cleanup));
        return whenOver(archive, () => cleanup.disposeAsync());
      } catch (error) {
        await cleanup.disposeAsync();
        throw error;
      }
    },
  };
}

/** A new folder in the data directory; what a killed process left there goes first. */
async function scratchOf(dataDir: string, cleanup: AsyncDisposableStack): Promise<string> {
  for await (const { name } of Deno.readDir(dataDir)) {
    if (name.startsWith(SCRATCH)) await Deno.remove(join(dataDir, name), { recursive: true });
  }
  const scratch = await Deno.makeTempDir({ dir: dataDir, prefix: SCRATCH });
  cleanup.defer(() => Deno.remove(scratch, { recursive: true }));
  return scratch;
}

async function packed({ dataDir, version, clock }: BackupsIo, scratch: string) {
  return await packBackup(await backupGateway(dataDir, scratch, { withKeys: false }), {
    program: version,
    created_at: new Date(clock.now()).toISOString(),
    with_keys: false,
    master_key_id: await masterKeyId(dataDir) ?? null,
  });
}

/** The same stream; `over` is called once when it ends, breaks or is cancelled. */
function whenOver(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  over: () => Promise<void>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        await over();
        controller.close();
      } catch (error) {
        await over();
        throw error;
      }
    },
    async cancel(reason) {
      await reader.cancel(reason);
      await over();
    },
  });
}
