import assert from "node:assert/strict";
import { writeKeySet } from "../../../keys/firmware_keys.ts";
import { keysFolder, openRepository } from "../../../ota/repository/repository.ts";
import type { FirmwareRepository } from "../../../ota/repository/firmware_repository.ts";
import { systemRandom } from "../../../platform/random.ts";
import { BoardManifest, type Firmware, NewFirmware } from "../../../ota/manifest/firmware.ts";
import { BOARD_FILES, boardKeys, image, once, testKeys } from "../../ota/fixture.ts";
import { type Running, startRunning } from "../command/running.ts";

/** A gateway with firmware and test keys; its boards are of the model `esp32`, its nodes of the model `test`. */
export interface FirmwareFixture extends AsyncDisposable {
  readonly gateway: Running;
  readonly repository: FirmwareRepository;
  /** Adds an image for nodes, by default in two chunks. */
  add(version: string, more?: Partial<NewFirmware> & { readonly size?: number }): Promise<Firmware>;
  /** Imports the boards' own 1.0.4. */
  importBoard(): Promise<Firmware>;
  /** Starts a rollout; throws the answer when it is refused. */
  rollOut(body: Record<string, unknown>): Promise<number>;
  rollout(id: number): Promise<ReturnType<typeof JSON.parse>>;
  /** What the gateway knows of a device's update. */
  update(device: string): Promise<ReturnType<typeof JSON.parse>>;
  kinds(device: string): Promise<readonly string[]>;
}

export async function startFirmware(): Promise<FirmwareFixture> {
  const gateway = await startRunning();
  await writeKeySet(keysFolder(gateway.dataDir), "default", testKeys);
  const repository = openRepository({ dataDir: gateway.dataDir, random: systemRandom, clock: { now: () => 1_000 } });
  const update = async (device: string) => (await gateway.ask("GET", `/api/v1/devices/${device}/firmware`)).body;
  return {
    gateway,
    repository,
    async add(version, { size = 100_000, ...more } = {}) {
      const added = await repository.add(
        image(size),
        NewFirmware.parse({ model: "test", version, chunk_size: 65_536, ...more }),
      );
      return added.ok ? added.value : assert.fail(added.detail);
    },
    async importBoard() {
      await writeKeySet(keysFolder(gateway.dataDir), "boards", await boardKeys());
      const manifest = BoardManifest.parse(JSON.parse(await Deno.readTextFile(BOARD_FILES.manifest.url)));
      const body = once(await Deno.readFile(BOARD_FILES.image.url));
      const added = await repository.importBoard(body, manifest, { model: "esp32", keys: "boards" });
      return added.ok ? added.value : assert.fail(added.detail);
    },
    async rollOut(body) {
      const answer = await gateway.ask("POST", "/api/v1/rollouts", body);
      return answer.status === 201 ? answer.body.id : assert.fail(JSON.stringify(answer));
    },
    rollout: async (id) => (await gateway.ask("GET", `/api/v1/rollouts/${id}`)).body,
    update,
    kinds: async (device) => (await update(device)).events.map(({ kind }: { kind: string }) => kind).toReversed(),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
}
