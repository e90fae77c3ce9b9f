import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import { SimulatorOptions } from "../../device/simulator/options.ts";
import { createInverter } from "../../device/simulator/inverter.ts";
import { ecowattUnit } from "../../device/simulator/ecowatt_unit.ts";
import { createServices } from "../../gateway/services.ts";
import { openStores } from "../../gateway/store/stores.ts";
import { systemClock } from "../../platform/clock.ts";
import { systemRandom } from "../../platform/random.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { ecowatt } from "../../protocol/profile/ecowatt.ts";
import type { Sample } from "../../protocol/sample.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
/** Samples of one block. */
const BLOCK = 60;
const INVERTER = "inverter";

/** Puts a day of the demo's own simulated inverter before its start, so that its charts show more than the last minute. */
export async function seedDay(demoDir: string, { now, demoStart }: { now: number; demoStart: number }): Promise<void> {
  const dataDir = join(demoDir, "gateway");
  const device = DeviceId.parse("demo");
  const first = now - DAY_MINUTES * MINUTE_MS;
  const clock = { ...systemClock, now: () => first };
  await using stores = await openStores(dataDir, { random: systemRandom, clock, securityLogRows: 1_000 });
  const io = { dataDir, clock, random: systemRandom, log: getLogger(["docs"]) };
  const { management, samples: sink } = createServices(stores, {}, io);
  await management.addDevice({ deviceId: device, model: "ecowatt-node", auth: "signed" });
  const all = dayOf({ first, shift: demoStart - now });
  const registers = ecowatt.registers.map(({ name }) => name);
  for (let start = 0; start < all.length; start += BLOCK) {
    const samples = all.slice(start, start + BLOCK);
    const series = { profile: ecowatt.id, registers, samples };
    const receivedAt = samples.at(-1)?.at ?? first;
    const batch = { device, inverter: INVERTER, series, quality: "exact", receivedAt } as const;
    await stores.commit.run(() => sink.append(batch));
  }
}

/** What the simulated inverter showed every minute of a day; `shift` leads from our time to its own. */
function dayOf({ first, shift }: { readonly first: number; readonly shift: number }): readonly Sample[] {
  const { plant, seed } = SimulatorOptions.parse({});
  let at = first;
  const unit = ecowattUnit(createInverter({ ...plant, seed }, () => at + shift));
  return Array.from({ length: DAY_MINUTES }, (_, minute) => {
    at = first + minute * MINUTE_MS;
    const values = unit.read(0, ecowatt.registers.length, "holding");
    if (typeof values === "number") throw new Error(`Cannot read the simulated inverter: exception ${values}`);
    return { at, values };
  });
}
