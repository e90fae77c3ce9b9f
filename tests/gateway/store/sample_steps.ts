import type { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { openGatewayDatabase } from "../../../gateway/store/database.ts";
import type { SampleBatch } from "../../../gateway/store/port/sample_batch.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { QUALITIES, type Quality } from "../../../protocol/sample.ts";

export const DEVICE = DeviceId.parse("roof");
export const START = Date.UTC(2026, 5, 21, 23, 50);
export const ALL = { device: DEVICE, from: 0, to: 2 ** 44 };

interface Step {
  readonly inverter: string;
  readonly registers: readonly string[];
  readonly samples: readonly { at: number; values: readonly (number | undefined)[] }[];
  readonly quality: Quality;
  /** What becomes of the transaction. */
  readonly fate: "kept" | "undone" | "reopened";
}

export const at = fc.oneof(
  fc.integer({ min: 0, max: 20 * 60_000 }).map((ms) => START + ms),
  fc.integer({ min: -3 * 86_400_000, max: 3 * 86_400_000 }).map((ms) => START + ms),
  fc.constantFrom(START + 600_000 - 1, START + 600_000, START),
);
export const step: fc.Arbitrary<Step> = fc.constantFrom(["Vac1", "Pac"], ["Pac"], ["Pac", "Temp", "Vac1"]).chain((
  registers,
) =>
  fc.record({
    inverter: fc.constantFrom("east", "west"),
    registers: fc.constant(registers),
    samples: fc.array(
      fc.record({
        at,
        values: fc.tuple(...registers.map(() => fc.option(fc.integer({ min: 0, max: 65535 }), { nil: undefined }))),
      }),
      { minLength: 1, maxLength: 12 },
    ),
    quality: fc.constantFrom(...QUALITIES),
    fate: fc.constantFrom("kept", "kept", "undone", "reopened"),
  })
);

export function batchOf(step: Step, receivedAt = START): SampleBatch {
  const series = { profile: "ecowatt", registers: step.registers, samples: step.samples };
  return { device: DEVICE, inverter: step.inverter, series, quality: step.quality, receivedAt };
}

export function withDatabase(body: (open: () => DatabaseSync) => void): void {
  const folder = Deno.makeTempDirSync();
  let db: DatabaseSync | undefined;
  try {
    body(() => {
      db?.close();
      return db = openGatewayDatabase(folder);
    });
  } finally {
    db?.close();
    Deno.removeSync(folder, { recursive: true });
  }
}
