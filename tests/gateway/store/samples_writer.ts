/**
 * A process to be killed: appends blocks to the database of the folder in its first argument, four series in turn, now and
 * then a late one, and writes a byte to its output for each block whose commit has returned.
 */
import { createGroupCommit } from "../../../gateway/store/group_commit.ts";
import { openGatewayDatabase } from "../../../gateway/store/database.ts";
import { createSamples } from "../../../gateway/store/samples.ts";
import { systemRandom } from "../../../platform/random.ts";
import { DeviceId } from "../../../protocol/device_id.ts";

const START = Date.UTC(2026, 5, 21, 23, 50);
const db = openGatewayDatabase(Deno.args[0] ?? "");
const commit = createGroupCommit(db);
const samples = createSamples(db, systemRandom);
const dot = new Uint8Array(1);

function append(series: number, block: number): Promise<void> {
  const late = block % 5 === 4 ? 3_600_000 : 0;
  const at = START + block * 15_000 - late;
  const polls = Array.from({ length: 7 }, (_, i) => ({ at: at + 2_000 * i, values: [block + i, 2300 + series] }));
  return commit.run(() =>
    samples.append({
      device: DeviceId.parse("roof"),
      inverter: `inverter-${series}`,
      series: { profile: "ecowatt", registers: ["Pac", "Vac1"], samples: polls },
      quality: "exact",
      receivedAt: at,
    })
  );
}

for (let block = Number(Deno.args[1]);; block++) {
  await Promise.all([0, 1, 2, 3].map(async (series) => {
    await append(series, block);
    Deno.stdout.writeSync(dot);
  }));
}
