import { dirname } from "node:path";

/** What was asked of the disk. */
type DiskCall =
  | { readonly kind: "write" | "sync" | "remove"; readonly path: string }
  /** `from` got another name, or a second one. */
  | { readonly kind: "name"; readonly from: string; readonly path: string };

/** Lets everything through and notes it, until disposed. */
export interface DiskCalls extends Disposable {
  readonly calls: readonly DiskCall[];
  /** What a power cut right now could take, in words; nothing: all of it is durable. */
  atRisk(): readonly string[];
}

/** Methods of `Deno` that change a file or its name by its path. */
const BY_PATH = {
  writeFile: "write",
  writeTextFile: "write",
  rename: "name",
  link: "name",
  symlink: "name",
  copyFile: "write",
  remove: "remove",
} as const;

/** Methods of an open file. */
const OF_FILE = { write: "write", writeSync: "write", truncate: "write", sync: "sync", syncData: "sync" } as const;

/** Notes what this thread asks of the disk through `Deno`'s files that were opened asynchronously: what is durable shows in nothing else. */
export function noteDiskCalls(): DiskCalls {
  const calls: DiskCall[] = [];
  const paths = new WeakMap<object, string>();
  using undo = new DisposableStack();
  const patch = (owner: object, name: string, around: (self: object, args: readonly unknown[]) => void) => {
    const original: unknown = Reflect.get(owner, name);
    if (typeof original !== "function") throw new Error(`There is no method ${name}`);
    undo.defer(() => void Reflect.set(owner, name, original));
    Reflect.set(owner, name, function (this: object, ...args: unknown[]) {
      around(this, args);
      return Reflect.apply(original, this, args);
    });
  };
  for (const [name, kind] of Object.entries(BY_PATH)) {
    patch(Deno, name, (_, [first, second]) => {
      if (kind === "name") calls.push({ kind, from: String(first), path: String(second) });
      else calls.push({ kind, path: String(name === "copyFile" ? second : first) });
    });
  }
  for (const [name, kind] of Object.entries(OF_FILE)) {
    patch(Deno.FsFile.prototype, name, (self) => calls.push({ kind, path: paths.get(self) ?? "?" }));
  }
  const { open } = Deno;
  undo.defer(() => void Reflect.set(Deno, "open", open));
  Reflect.set(Deno, "open", async (path: string, options?: Deno.OpenOptions) => {
    const file = await open(path, options);
    paths.set(file, String(path));
    return file;
  });
  const patched = undo.move();
  return { calls, atRisk: () => atRisk(calls), [Symbol.dispose]: () => patched.dispose() };
}

/** The rules of a disk: content is durable after its sync, a name after that of its folder, and no name before its content. */
function atRisk(calls: readonly DiskCall[]): readonly string[] {
  const dirty = new Set<string>();
  const named = new Map<string, string>();
  const early: string[] = [];
  for (const call of calls) {
    switch (call.kind) {
      case "write":
        dirty.add(call.path);
        break;
      case "sync":
        dirty.delete(call.path);
        for (const [path] of named) if (samePath(dirname(path), call.path)) named.delete(path);
        break;
      case "remove":
        dirty.delete(call.path);
        named.delete(call.path);
        break;
      case "name":
        if (dirty.delete(call.from)) early.push(`${call.path} has its name before its content`);
        named.set(call.path, call.from);
        break;
      default:
        call satisfies never;
    }
  }
  return [
    ...early,
    ...[...dirty].map((path) => `the content of ${path}`),
    ...[...named.keys()].map((path) => `the name of ${path}`),
  ];
}

function samePath(one: string, other: string): boolean {
  return one.replace(/\/+$/, "") === other.replace(/\/+$/, "");
}
