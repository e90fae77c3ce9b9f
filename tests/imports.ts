import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Which folders the code of a folder may import, besides itself. */
export const ALLOWED: Record<string, readonly string[]> = {
  "main.ts": ["cli"],
  cli: ["deno.json", "device", "gateway", "profiles", "ota", "keys", "protocol", "crypto", "platform"],
  device: ["profiles", "ota", "keys", "protocol", "crypto", "platform"],
  gateway: ["profiles", "ota", "keys", "protocol", "crypto", "platform"],
  ota: ["keys", "protocol", "crypto", "platform"],
  profiles: ["protocol", "crypto", "platform"],
  keys: ["protocol", "crypto", "platform"],
  protocol: ["crypto", "platform"],
  platform: ["crypto"],
  crypto: [],
};

/** What stands in the large folders, from the ground up: each may import what stands in a row before its own. */
export const RANKS: Record<string, readonly (readonly string[])[]> = {
  gateway: [
    ["fault.ts", "json_text.ts", "gateway_io.ts", "mqtt_config.ts"],
    ["config.ts"],
    ["store"],
    ["boards", "command", "data_dir", "energy", "rollout", "state"],
    ["auth", "ingest", "management", "settings"],
    ["firmware"],
    ["system", "tasks"],
    ["http"],
    ["metrics", "mqtt"],
    ["api"],
    ["dashboard"],
    ["services.ts"],
    ["app.ts", "device_api.ts"],
    ["gateway.ts", "local_api.ts"],
  ],
  device: [
    ["config", "modbus", "outbox"],
    ["inverter", "serial", "uplink"],
    ["equipment", "scan", "simulator"],
    ["acquisition"],
    ["command", "settings"],
    ["status", "store"],
    ["local_service", "metrics", "update"],
    ["node_io.ts"],
    ["node.ts"],
  ],
  cli: [["data_dir.ts", "terminal", "version.ts"], ["client"], ["service"], ["commands"], ["commands.ts"], [
    "program.ts",
  ]],
};

/** The checkout. */
export const root = fileURLToPath(new URL("../", import.meta.url));

/** A module as `deno info` tells of it. */
export interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly { code?: { specifier: string }; type?: { specifier: string } }[];
}

/** Everything that a program needs, packages included. */
export async function modulesFrom(entry: string): Promise<readonly Module[]> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--config", "deno.json", entry],
    cwd: root,
    stderr: "inherit",
  }).output();
  assert.ok(success);
  return JSON.parse(new TextDecoder().decode(stdout)).modules;
}

/** What each file of a tree imports, by path; for types only, too. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** The files of the whole checkout, tests and tools included. */
export async function importGraph(): Promise<ImportGraph> {
  const folder = await Deno.makeTempDir();
  try {
    const all = join(folder, "all.ts");
    const lines = sourceFiles(root).map((path) => `import ${JSON.stringify(pathToFileURL(path).href)};\n`);
    await Deno.writeTextFile(all, lines.join(""));
    const modules = await modulesFrom(all);
    const own = modules.map((module) => [pathOf(module.specifier), module] as const);
    return new Map(own.flatMap(([path, module]) => path === undefined ? [] : [[path, importsOf(module)]]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const NOT_OURS = ["node_modules", "dist"];

/** Every source file below a folder, packages and what is built left out. */
export function sourceFiles(folder: string): readonly string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    if (isDirectory) return name.startsWith(".") || NOT_OURS.includes(name) ? [] : sourceFiles(path);
    return /\.tsx?$/.test(name) ? [path] : [];
  });
}

function importsOf({ dependencies = [] }: Module): readonly string[] {
  const paths = dependencies.flatMap(({ code, type }) => [code, type].map((to) => to && pathOf(to.specifier)));
  return [...new Set(paths.filter((path) => path !== undefined))];
}

/** Within the checkout. */
function pathOf(specifier: string): string | undefined {
  if (!specifier.startsWith("file:")) return undefined;
  const path = relative(root, fileURLToPath(specifier));
  return path.startsWith("..") ? undefined : path;
}

/** Files that import each other, directly or by way of others: the strongly connected parts of the graph (Tarjan). */
export function circlesIn(graph: ImportGraph): readonly (readonly string[])[] {
  const circles: string[][] = [];
  const found = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const visit = (file: string): number => {
    found.set(file, found.size);
    let low = found.size - 1;
    stack.push(file);
    for (const to of graph.get(file) ?? []) {
      if (!found.has(to)) low = Math.min(low, visit(to));
      else if (stack.includes(to)) low = Math.min(low, found.get(to) ?? low);
    }
    lowest.set(file, low);
    if (low === found.get(file)) {
      const part = stack.splice(stack.indexOf(file));
      if (part.length > 1 || graph.get(file)?.includes(file)) circles.push(part);
    }
    return low;
  };
  for (const file of graph.keys()) if (!found.has(file)) visit(file);
  return circles;
}

/** Imports between the large folders that point another way than `ALLOWED`. */
export function wrongWays(graph: ImportGraph): readonly string[] {
  return edgesOf(graph).filter(([from, to]) => {
    const [house = "", other = ""] = [top(from), top(to)];
    return house !== other && house in ALLOWED && !ALLOWED[house]?.includes(other);
  }).map(([from, to]) => `${from} imports ${to}`);
}

/** Imports within one of the large folders that do not point down its ranks, and what has no rank there. */
export function upward(graph: ImportGraph, house: string, ranks: readonly (readonly string[])[]): readonly string[] {
  const rankOf = (path: string) => ranks.findIndex((row) => row.includes(path.split("/")[1] ?? ""));
  const files = [...graph.keys()].filter((path) => top(path) === house);
  const unranked = files.filter((path) => rankOf(path) < 0).map((path) => `${path} has no rank`);
  const wrong = edgesOf(graph).filter(([from, to]) => {
    const inside = top(from) === house && top(to) === house && from.split("/")[1] !== to.split("/")[1];
    return inside && rankOf(from) <= rankOf(to);
  });
  return [...unranked, ...wrong.map(([from, to]) => `${from} imports ${to}`)];
}

function edgesOf(graph: ImportGraph): readonly (readonly [string, string])[] {
  return [...graph].flatMap(([from, targets]) => targets.map((to) => [from, to] as const));
}

function top(path: string): string | undefined {
  return path.split("/")[0];
}
