import { join } from "node:path";
import { z } from "zod";

/** A package of npm in Deno's cache. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** What its makers call its licence, as SPDX does. */
  readonly licence: string;
  /** Where it lies unpacked. */
  readonly folder: string;
}

/** What is read of a `package.json`. */
const Facts = z.object({ name: z.string(), version: z.string(), license: z.string() });

/** What a package calls the files in which its licence stands. */
const LICENCE_FILES = /^(licen[cs]e|copying|notice)/i;

/** The packages that files belong to, by name and version; a file that is not of Deno's cache of npm belongs to none. */
export function packagesOf(files: readonly string[]): readonly NpmPackage[] {
  const folders = new Set(files.flatMap((file) => file.match(CACHED)?.[1] ?? []));
  const packages = [...folders].map((folder) => {
    const facts = Facts.parse(JSON.parse(Deno.readTextFileSync(join(folder, "package.json"))));
    return { name: facts.name, version: facts.version, licence: facts.license, folder };
  });
  return packages.toSorted((a, b) => order(`${a.name}@${a.version}`, `${b.name}@${b.version}`));
}

/** `…/npm/REGISTRY/NAME/VERSION/…`, where a name may have a scope. */
const CACHED = /^(.*\/npm\/[^/]+\/(?:@[^/]+\/)?[^/@]+\/\d[^/]*)\//;

/** The texts of a package's licence; none: it brings none. */
export function licenceTexts({ folder }: NpmPackage): readonly string[] {
  const names = [...Deno.readDirSync(folder)].filter(({ isFile, name }) => isFile && LICENCE_FILES.test(name));
  return names.map(({ name }) => name).toSorted(order).map((name) => Deno.readTextFileSync(join(folder, name)).trim());
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
