import { fileURLToPath, pathToFileURL } from "node:url";
import { dirname, join } from "node:path";
import { z } from "zod";
import { nearest } from "../platform/nearest.ts";
import { programFile } from "../platform/program_files.ts";
import { parseYaml } from "../platform/yaml_text.ts";
import { compileDocument, type DeviceKind } from "../protocol/profile/format/compile.ts";
import { profileDocument } from "../protocol/profile/format/document.ts";
import { Dump } from "./dump.ts";
import { type Outcome, refusal, success } from "../protocol/outcome.ts";

/** The file of a device in its folder. */
const PROFILE_FILE = "profile.yaml";

/** Devices by name, out of files. What is read once is kept: a file that changes is read anew by the next start. */
export interface Library {
  /** The names of all, in order. */
  names(): readonly string[];
  /** A device; why it cannot be had, with file, line and column, where there is something to say. */
  find(name: string): Outcome<DeviceKind, "unknown" | "broken">;
  /** What stands in its file, as JSON; `undefined`: it cannot be had. */
  writtenOf(name: string): string | undefined;
  /** The file that it is read from. */
  fileOf(name: string): URL | undefined;
}

/** What the program brings along. */
export const programLibrary: Library = createLibrary([programFile("profiles/")]);

/** Where the owner of this machine puts devices that win over the program's. */
const OWN_PROFILES = new URL("file:///etc/ecowatt/profiles/");

/** All that this machine knows. */
export const machineLibrary: Library = createLibrary([OWN_PROFILES, programFile("profiles/")]);

/** All that this machine knows, and what is in `profiles/` beside a configuration, which wins. */
export function libraryBeside(configPath: string): Library {
  const beside = pathToFileURL(join(dirname(configPath), "profiles") + "/");
  if (beside.href === OWN_PROFILES.href) return machineLibrary;
  const known = besides.get(beside.href) ?? createLibrary([beside, OWN_PROFILES, programFile("profiles/")]);
  besides.set(beside.href, known);
  return known;
}

const besides = new Map<string, Library>();

/** The devices in these folders, `<name>/profile.yaml` each or, of a user's own, `<name>.yaml`; the first folder wins. */
export function createLibrary(folders: readonly URL[]): Library {
  const kept = new Map<string, Outcome<DeviceKind, "unknown" | "broken">>();
  const texts = new Map<string, string>();
  const fileOf = (name: string) => folders.flatMap((folder) => filesOf(folder, name)).find(exists);
  const names = () => [...new Set(folders.flatMap(namesIn))].toSorted();
  const read = (name: string) => {
    const file = fileOf(name);
    if (file !== undefined) {
      const text = Deno.readTextFileSync(file);
      texts.set(name, text);
      return readProfile(text, fileURLToPath(file));
    }
    const meant = nearest(name, names());
    return refusal("unknown", `There is no profile ${name}${meant === undefined ? "" : `; did you mean ${meant}?`}`);
  };
  const find = (name: string) => {
    const found = kept.get(name) ?? read(name);
    kept.set(name, found);
    return found;
  };
  return {
    names,
    fileOf,
    find,
    writtenOf(name) {
      const written = find(name).ok ? parseYaml(texts.get(name) ?? "", z.unknown()) : undefined;
      return written?.ok ? JSON.stringify(written.value) : undefined;
    },
  };
}

/** A device out of the text of its file; every fault with its place. */
export function readProfile(text: string, file: string): Outcome<DeviceKind, "broken"> {
  const parsed = parseYaml(text, profileDocument());
  if (parsed.ok) return success(compileDocument(parsed.value));
  const faults = parsed.faults.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
  return refusal("broken", faults.join("\n"));
}

function filesOf(folder: URL, name: string): readonly URL[] {
  // A name from a configuration leads nowhere else.
  if (!/^[a-z][a-z0-9-]*$/.test(name)) return [];
  return [new URL(`${name}/${PROFILE_FILE}`, folder), new URL(`${name}.yaml`, folder)];
}

function namesIn(folder: URL): readonly string[] {
  try {
    return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
      isDirectory ? [name] : name.endsWith(".yaml") ? [name.slice(0, -".yaml".length)] : []
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return [];
    throw error;
  }
}

function exists(file: URL): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}

/** The dumps beside the file of a device, by their names; every fault in one of them with its place. */
export function dumpsBeside(file: URL): Outcome<readonly (readonly [file: string, dump: Dump])[], "broken"> {
  const dumps: (readonly [string, Dump])[] = [];
  for (const name of filesIn(new URL("dumps/", file)).toSorted()) {
    const parsed = parseYaml(Deno.readTextFileSync(new URL(`dumps/${name}`, file)), Dump);
    if (!parsed.ok) {
      const faults = parsed.faults.map(({ line, column, message }) => `dumps/${name}:${line}:${column}: ${message}`);
      return refusal("broken", faults.join("\n"));
    }
    dumps.push([name, parsed.value]);
  }
  return success(dumps);
}

function filesIn(folder: URL): readonly string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".yaml"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
