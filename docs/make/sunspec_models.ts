import { parse } from "yaml";
import { z } from "zod";
import type { Model, Point } from "../../protocol/profile/sunspec/model.ts";
import { numericOf } from "../../protocol/profile/sunspec/point.ts";

const FILE = "protocol/profile/sunspec/models.yaml";

/** Models that the program carries, of those in the file. */
const CARRIED = [
  ...[101, 102, 103, 111, 112, 113, 120, 121, 122, 123, 124, 160],
  ...[201, 202, 203, 204, 211, 212, 213, 214, 302, 303, 304, 305, 306, 307, 308],
  ...[701, 702, 703, 704, 705, 706, 713, 714, 802, 803],
];

const HEADER_WORDS = 2;
/** The line below a point that says what its values or bits are called: a comment to YAML. */
const SYMBOLS = /\](\n\s*)# (\d+ [^\n]*)/g;
/** Before the states of model 111. */
const MISTYPED = /^gg(?=[A-Z])/;
const PointRow = z.tuple([
  z.string(),
  z.int(),
  z.string(),
  z.int(),
  z.union([z.string(), z.int()]).nullable(),
  z.string().nullable(),
  z.enum(["r", "rw"]),
  z.int(),
  z.string().optional(),
]);
const GroupRow = z.object({
  name: z.string(),
  count: z.union([z.string(), z.int()]),
  at: z.int(),
  words: z.int(),
  points: z.array(PointRow),
  groups: z.array(z.unknown()).optional(),
});
const Source = z.object({
  source: z.object({ repo: z.string(), commit: z.string() }),
  models: z.record(
    z.string(),
    z.object({ title: z.string(), points: z.array(PointRow), groups: z.array(GroupRow).optional() }),
  ),
});

/** The models that the program carries as a module, out of the standard's own data. */
export async function sunspecModels(): Promise<string> {
  const text = await Deno.readTextFile(new URL(`../../${FILE}`, import.meta.url));
  const { source, models } = Source.parse(parse(text.replace(SYMBOLS, ', "$2"]')));
  const carried = CARRIED.map((id): Model => {
    const model = models[id];
    if (model === undefined) throw new Error(`Cannot make model ${id}: ${FILE} has none`);
    return { id, title: model.title.trim(), points: pointsOf(model.points), groups: groupsOf(model.groups ?? []) };
  });
  return [
    `import type { Model } from "./model.ts";`,
    "",
    `/** ${FILE} (${source.repo} ${source.commit}), made by \`deno task docs\`: change that. */`,
    `export const sunspecModels: readonly Model[] = ${JSON.stringify(carried)};`,
    "",
  ].join("\n");
}

/** Without the header, and what is no number. */
function pointsOf(rows: readonly z.infer<typeof PointRow>[]): readonly Point[] {
  const hasHeader = rows[1]?.[0] === "L";
  return rows.flatMap(([name, offset, type, words, scale, unit, access, _, symbols]) => {
    if (hasHeader && offset < HEADER_WORDS) return [];
    if (numericOf(type) === undefined) {
      if (/^(string|pad)$/.test(type)) return [];
      throw new Error(`Cannot read ${name}: its type ${type} is not known`);
    }
    return [{
      name,
      offset,
      type,
      words,
      ...(scale === null ? {} : { scale }),
      ...(unit === null ? {} : { unit }),
      ...(access === "rw" ? { writable: true as const } : {}),
      ...(symbols === undefined ? {} : { symbols: symbolsOf(symbols) }),
    }];
  });
}

/** What another group lies in has no fixed size: only a point tells it. */
function groupsOf(rows: readonly z.infer<typeof GroupRow>[]): Model["groups"] {
  return rows.filter(({ groups }) => groups === undefined).map(({ name, count, at, words, points }) => ({
    name,
    offset: at,
    words,
    repeats: count !== 1,
    points: pointsOf(points),
  }));
}

/** `1 OFF; 2 SLEEPING`, without those that are reserved. */
function symbolsOf(text: string): Record<string, string> {
  const entries = text.split("; ").map((entry) => {
    const [, value, symbol] = /^(\d+) (.+)$/.exec(entry) ?? [];
    if (value === undefined || symbol === undefined) {
      throw new Error(`Cannot read "${entry}" as a value and its symbol`);
    }
    return [value, symbol.replace(MISTYPED, "")] as const;
  });
  return Object.fromEntries(entries.filter(([, symbol]) => !symbol.startsWith("RESERVED")));
}
