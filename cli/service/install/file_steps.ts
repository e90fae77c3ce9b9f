import { dirname } from "node:path";
import { utf8 } from "../../../crypto/bytes.ts";
import { exists, writeFileAtomic } from "../../../platform/files.ts";
import { sameContent } from "./file_content.ts";
import type { Step } from "./step.ts";

/** Whose something is. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Looked up when it is needed: the user may be made by an earlier step. `undefined`: owners are left as they are. */
export type OwnerOf = () => Promise<Owner | undefined>;

/** A folder with that mode and owner. */
export function folder(path: string, mode: number, owner: OwnerOf): Step {
  return {
    what: `${path}/, mode ${octal(mode)}`,
    look: async () => ({ done: await isAs(path, { mode, owner: await owner() }) }),
    async perform() {
      await Deno.mkdir(path, { recursive: true });
      await make(path, { mode, owner: await owner() });
    },
  };
}

/** A text file. `keep`: one that is there already is left as it is, whatever it says. */
export function textFile(
  path: string,
  text: string,
  options: { readonly mode: number; readonly owner?: OwnerOf; readonly keep?: boolean },
): Step {
  const { mode, owner = nobody, keep = false } = options;
  return {
    what: `${path}, mode ${octal(mode)}`,
    look: async () => ({
      done: keep ? await exists(path) : await textOf(path) === text && await isAs(path, { mode, owner: await owner() }),
    }),
    async perform() {
      await Deno.mkdir(dirname(path), { recursive: true });
      await writeFileAtomic(path, utf8(text), mode);
      await make(path, { mode, owner: await owner() });
    },
  };
}

/** A copy of an executable, in its place at once: one that runs is not written to. */
export function executableFile(from: string, to: string): Step {
  return {
    what: `${to}, the executable`,
    look: async () => ({ done: await sameContent(from, to) && await isAs(to, { mode: 0o755 }) }),
    async perform() {
      await Deno.mkdir(dirname(to), { recursive: true });
      const temporary = `${to}.new`;
      await Deno.copyFile(from, temporary);
      await Deno.chmod(temporary, 0o755);
      {
        using file = await Deno.open(temporary, { read: true });
        await file.sync();
      }
      await Deno.rename(temporary, to);
    },
  };
}

/** Something that is to be gone. */
export function gone(path: string): Step {
  return {
    what: `no ${path}`,
    look: async () => ({ done: !await exists(path) }),
    perform: () => Deno.remove(path, { recursive: true }),
  };
}

/** The text of a file; `undefined` where there is none. */
export async function textOf(path: string): Promise<string | undefined> {
  return await Deno.readTextFile(path).catch(() => undefined);
}

interface Access {
  readonly mode: number;
  readonly owner?: Owner | undefined;
}

async function isAs(path: string, { mode, owner }: Access): Promise<boolean> {
  const found = await Deno.stat(path).catch(() => undefined);
  if (found === undefined || ((found.mode ?? 0) & 0o7777) !== mode) return false;
  return owner === undefined || (found.uid === owner.uid && found.gid === owner.gid);
}

async function make(path: string, { mode, owner }: Access): Promise<void> {
  await Deno.chmod(path, mode); // what was made has the mode less the umask
  if (owner !== undefined) await Deno.chown(path, owner.uid, owner.gid);
}

const nobody: OwnerOf = () => Promise.resolve(undefined);

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
