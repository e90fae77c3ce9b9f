import type { SlotFile, SlotFiles } from "../../ota/slots/files.ts";

/** Thrown by a filesystem when its power goes. */
export class PowerCut extends Error {}

/**
 * What a disk makes of what was not synced: of names (in order), and of the changes to each file. `torn`: half of every write
 * arrived, and something else is where its rest should be; `early`: all but the last change arrived; `late`: the last alone.
 */
export interface Loss {
  readonly names: "none" | "half" | "all";
  readonly data: "lost" | "torn" | "early" | "late" | "kept";
}

/** All that a disk may do, from "nothing arrived" to "everything did", with the notorious new name on data that never came. */
export const LOSSES: readonly Loss[] = [
  { names: "none", data: "lost" },
  { names: "all", data: "lost" },
  { names: "all", data: "torn" },
  { names: "half", data: "torn" },
  { names: "all", data: "early" },
  { names: "all", data: "late" },
  { names: "none", data: "kept" },
  { names: "all", data: "kept" },
];

interface Inode {
  durable: Uint8Array<ArrayBuffer>;
  now: Uint8Array<ArrayBuffer>;
  /** What made the one of the other. */
  changes: readonly Change[];
}
type Change =
  | { readonly offset: number; readonly bytes: Uint8Array }
  | { readonly size: number };
type Entry = Inode | { readonly target: string };
type Names = Map<string, Entry>;
interface NameChange {
  readonly folder: string;
  apply(names: Names): void;
}

/** A filesystem in memory that knows what is on the disk and what is not yet, and loses power after a given operation. */
export class PowerFiles implements SlotFiles {
  #durable: Names = new Map();
  #now: Names = new Map();
  #pending: NameChange[] = [];
  /** Operations that changed something or made it durable. */
  operations = 0;
  /** The operation after which the power goes. */
  cutAfter = Infinity;

  /** Another disk with the same content, as it is after a power cut with this loss. */
  afterCut({ names, data }: Loss): PowerFiles {
    const disk = new PowerFiles();
    const kept = new Map(this.#durable);
    const count = names === "none" ? 0 : names === "all" ? this.#pending.length : Math.floor(this.#pending.length / 2);
    for (const change of this.#pending.slice(0, count)) change.apply(kept);
    for (const [path, entry] of kept) {
      if ("target" in entry) disk.#now.set(path, entry);
      else {
        const content = contentAfter(entry, data);
        disk.#now.set(path, { durable: content, now: content, changes: [] });
      }
    }
    disk.#durable = new Map(disk.#now);
    return disk;
  }

  /** Puts a file there as if it had always been. */
  seed(path: string, content: Uint8Array<ArrayBuffer>): void {
    const inode = { durable: content, now: content, changes: [] };
    this.#now.set(path, inode);
    this.#durable.set(path, inode);
  }

  seedLink(path: string, target: string): void {
    this.#now.set(path, { target });
    this.#durable.set(path, { target });
  }

  /** What is there now: files by content, links by target. */
  *entries(): Iterable<readonly [string, Uint8Array | string]> {
    for (const [path, entry] of this.#now) yield [path, "target" in entry ? entry.target : entry.now];
  }

  read = (path: string) => Promise.resolve(this.#inode(path)?.now);
  size = (path: string) => Promise.resolve(this.#inode(path)?.now.length);

  async *pieces(path: string): AsyncIterable<Uint8Array> {
    const content = await this.read(path);
    if (content !== undefined) yield content;
  }

  write(path: string, offset: number, bytes: Uint8Array): Promise<void> {
    let inode = this.#inode(path);
    if (inode === undefined) inode = this.#create(path);
    return this.#alter(inode, { offset, bytes });
  }

  sync = (path: string) => this.#sync(this.#required(path));

  async open(path: string): Promise<SlotFile> {
    if (!this.#inode(path)) {
      this.#create(path);
      await this.#done();
    }
    const inode = this.#required(path);
    return {
      read: (offset, length) => Promise.resolve(inode.now.slice(offset, offset + length)),
      write: (offset, bytes) => this.#alter(inode, { offset, bytes }),
      truncate: (size) => this.#alter(inode, { size }),
      sync: () => this.#sync(inode),
      [Symbol.dispose]: () => {},
    };
  }

  linkTarget(path: string): Promise<string | undefined> {
    const entry = this.#now.get(path);
    return Promise.resolve(entry && "target" in entry ? entry.target : undefined);
  }

  link(target: string, path: string): Promise<void> {
    if (this.#now.has(path)) throw new Error(`${path} exists`);
    this.#change(path, (names) => void names.set(path, { target }));
    return this.#done();
  }

  rename(from: string, to: string): Promise<void> {
    const entry = this.#now.get(from);
    if (entry === undefined) throw new Error(`${from} does not exist`);
    this.#change(to, (names) => {
      names.delete(from);
      names.set(to, entry);
    });
    return this.#done();
  }

  unlink(path: string): Promise<void> {
    if (!this.#now.has(path)) return Promise.resolve();
    this.#change(path, (names) => void names.delete(path));
    return this.#done();
  }

  syncFolder(path: string): Promise<void> {
    const folder = folderOf(path);
    for (const change of this.#pending) if (change.folder === folder) change.apply(this.#durable);
    this.#pending = this.#pending.filter((change) => change.folder !== folder);
    return this.#done();
  }

  #create(path: string): Inode {
    const inode: Inode = { durable: new Uint8Array(), now: new Uint8Array(), changes: [] };
    this.#change(path, (names) => void names.set(path, inode));
    return inode;
  }

  /** Also of a file that has no name any more, as long as it is open. */
  #alter(inode: Inode, change: Change): Promise<void> {
    inode.now = altered(inode.now, change);
    inode.changes = [...inode.changes, change];
    return this.#done();
  }

  #sync(inode: Inode): Promise<void> {
    inode.durable = inode.now;
    inode.changes = [];
    return this.#done();
  }

  #inode(path: string): Inode | undefined {
    const entry = this.#now.get(path);
    return entry && "now" in entry ? entry : undefined;
  }

  #required(path: string): Inode {
    const inode = this.#inode(path);
    if (inode === undefined) throw new Error(`${path} does not exist`);
    return inode;
  }

  #change(path: string, apply: (names: Names) => void): void {
    apply(this.#now);
    this.#pending.push({ folder: folderOf(path), apply });
  }

  #done(): Promise<void> {
    if (++this.operations >= this.cutAfter) throw new PowerCut();
    return Promise.resolve();
  }
}

function contentAfter({ durable, now, changes }: Inode, data: Loss["data"]): Uint8Array<ArrayBuffer> {
  switch (data) {
    case "lost":
      return durable;
    case "kept":
      return now;
    case "torn":
      return changes.map(torn).reduce(altered, durable);
    case "early":
      return changes.slice(0, -1).reduce(altered, durable);
    case "late":
      return changes.slice(-1).reduce(altered, durable);
    default:
      return data satisfies never;
  }
}

function torn(change: Change): Change {
  if ("size" in change) return change;
  return { ...change, bytes: change.bytes.slice().fill(0xa5, Math.floor(change.bytes.length / 2)) };
}

function altered(content: Uint8Array<ArrayBuffer>, change: Change): Uint8Array<ArrayBuffer> {
  if ("size" in change) return content.slice(0, change.size);
  const { offset, bytes } = change;
  const after = new Uint8Array(Math.max(content.length, offset + bytes.length));
  after.set(content);
  after.set(bytes, offset);
  return after;
}

function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}
