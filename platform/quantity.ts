import { z } from "zod";

const SECONDS = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/;
const MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const SIZE = /^(\d+(?:\.\d+)?)\s*(B|kB|KB|MB|GB|KiB|MiB|GiB)?$/;
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** What a schema says of a duration or an amount, for the JSON Schema and the reference: its bounds as they are written. */
interface QuantityMeta {
  readonly quantity: "duration" | "bytes";
  readonly least: string;
  readonly most: string;
}

/** A duration as people write it: `2s`, `500ms`, `5m`, `1h`, or a number of seconds. Parsed: milliseconds. */
export function duration(min: string, max: string) {
  const [least, most] = [milliseconds(min) ?? 0, milliseconds(max) ?? 0];
  return z.union([z.number(), z.string()], { error: DURATION_HINT })
    .transform((written, context) => {
      const ms = typeof written === "number" ? 1000 * written : milliseconds(written);
      if (ms !== undefined && ms >= least && ms <= most) return ms;
      const message = ms === undefined ? DURATION_HINT : `must be ${min} to ${max}`;
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    }).meta({ quantity: "duration", least: min, most: max } satisfies QuantityMeta);
}

/** An amount of bytes: `256MiB`, `10 MB`, or a number of bytes. Parsed: bytes. */
export function bytes(min: string, max: string) {
  const [least, most] = [amount(min) ?? 0, amount(max) ?? 0];
  return z.union([z.number(), z.string()], { error: BYTES_HINT })
    .transform((written, context) => {
      const size = typeof written === "number" ? written : amount(written);
      if (size !== undefined && size >= least && size <= most) return Math.floor(size);
      const message = size === undefined ? BYTES_HINT : `must be ${min} to ${max}`;
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    }).meta({ quantity: "bytes", least: min, most: max } satisfies QuantityMeta);
}

/** A parsed duration or amount as people write it: 2000 is `2s`, 268435456 is `256MiB`. */
export function quantityText(value: number, quantity: QuantityMeta["quantity"]): string {
  const units: readonly (readonly [string, number])[] = quantity === "duration"
    ? [["h", MS["h"] ?? 1], ["m", MS["m"] ?? 1], ["s", 1000], ["ms", 1]]
    : [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10], ["B", 1]];
  if (value === 0) return quantity === "duration" ? "0s" : "0B";
  const [name, size] = units.find(([, size]) => value % size === 0) ?? ["", 1];
  return `${value / size}${name}`;
}

/** What a text has to look like. */
export const QUANTITY_PATTERN = { duration: SECONDS.source, bytes: SIZE.source } as const;

const DURATION_HINT = "must be a duration such as 2s, 500ms, 5m, 1h or a number of seconds";
const BYTES_HINT = "must be a size such as 256MiB, 10MB or a number of bytes";

function milliseconds(text: string): number | undefined {
  const [, number, unit = "s"] = SECONDS.exec(text.trim()) ?? [];
  return number === undefined ? undefined : Number(number) * (MS[unit] ?? 1000);
}

function amount(text: string): number | undefined {
  const [, number, unit = "B"] = SIZE.exec(text.trim()) ?? [];
  return number === undefined ? undefined : Number(number) * (BYTES[unit] ?? 1);
}
