import { z } from "zod";

/**
 * The packages that a program needs, as a lock file of its own. `deno compile` carries along whatever its lock file names,
 * also what only tests and builds use: compilers and browsers, a tenth of the executable.
 */

const Graph = z.object({
  modules: z.array(z.looseObject({ npmPackage: z.string().optional() })),
  npmPackages: z.record(z.string(), z.looseObject({ dependencies: z.array(z.string()) })),
});
const Lock = z.looseObject({
  version: z.string(),
  specifiers: z.record(z.string(), z.string()),
  npm: z.record(z.string(), z.unknown()),
});

/** A lock file with the packages of a graph (`deno info --json`) alone, each as the lock file `lock` has it. */
export function runtimeLock(graph: unknown, lock: unknown): string {
  const { modules, npmPackages } = Graph.parse(graph);
  const { version, specifiers, npm } = Lock.parse(lock);
  const needed = new Set<string>();
  const need = (name: string) => {
    if (needed.has(name)) return;
    needed.add(name);
    npmPackages[name]?.dependencies.forEach(need);
  };
  for (const { npmPackage } of modules) if (npmPackage !== undefined) need(npmPackage);
  const pick = <T>(entries: Record<string, T>, wanted: (key: string, value: T) => boolean) =>
    Object.fromEntries(Object.entries(entries).filter(([key, value]) => wanted(key, value)));
  return JSON.stringify({
    version,
    specifiers: pick(specifiers, (specifier, resolved) => needed.has(nameOf(specifier) + resolved)),
    npm: pick(npm, (name) => needed.has(name)),
  });
}

/** `npm:@scope/name@1.2.3` is `@scope/name@`. */
function nameOf(specifier: string): string {
  const bare = specifier.replace(/^npm:/, "");
  return bare.slice(0, bare.lastIndexOf("@") + 1);
}
