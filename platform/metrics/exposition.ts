/** The media type of the text format (Prometheus exposition format 0.0.4). */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Labels by name; one without a value is left out. */
export type Labels = Readonly<Record<string, string | number | undefined>>;

/** One value; `undefined` is unknown, and left out: unknown is never 0. */
export interface Point {
  readonly labels?: Labels;
  readonly value: number | undefined;
}

/** What a histogram has counted: observations of at most `le`, for every bound, then all of them. */
export interface Distribution {
  readonly labels?: Labels;
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  readonly sum: number;
  readonly count: number;
}

/** Everything of one name. Names and units as Prometheus has them: base units, `_total` for what only grows. */
export type Family =
  & { readonly name: string; readonly help: string }
  & (
    | { readonly type: "counter" | "gauge"; readonly points: readonly Point[] }
    | { readonly type: "histogram"; readonly distributions: readonly Distribution[] }
  );

/** The families as text. Families of the same name become one; one without a value is left out. */
export function expose(families: Iterable<Family>): string {
  const blocks = new Map<string, string[]>();
  for (const family of families) {
    const lines = family.type === "histogram"
      ? family.distributions.flatMap(histogramLines(family.name))
      : family.points
        .flatMap(({ labels, value }) => value === undefined ? [] : [line(family.name, labels, value)]);
    if (lines.length === 0) continue;
    const known = blocks.get(family.name) ?? headOf(family);
    blocks.set(family.name, [...known, ...lines]);
  }
  return [...blocks.values()].flat().map((text) => `${text}\n`).join("");
}

function headOf({ name, help, type }: Family): string[] {
  return [`# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`, `# TYPE ${name} ${type}`];
}

function histogramLines(name: string): (distribution: Distribution) => readonly string[] {
  return ({ labels, buckets, sum, count }) => [
    ...buckets.map((bucket) => line(`${name}_bucket`, { ...labels, le: bucket.le }, bucket.count)),
    line(`${name}_bucket`, { ...labels, le: "+Inf" }, count),
    line(`${name}_sum`, labels, sum),
    line(`${name}_count`, labels, count),
  ];
}

function line(name: string, labels: Labels = {}, value: number): string {
  const pairs = Object.entries(labels).flatMap(([label, text]) =>
    text === undefined ? [] : [`${label}="${escaped(String(text))}"`]
  );
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${number(value)}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function number(value: number): string {
  return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
