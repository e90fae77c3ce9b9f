import type { SlotFiles } from "../../ota/slots/files.ts";

/** Thrown by a filesystem when its power goes. */
export class PowerCut extends Error {}

/** What a disk makes of what was not synced: of names (in order) and of data. */
export interface Loss {
  readonly names: "none" | "half" | "all";
  readonly data: "lost" | "torn" | "kept";
}

/** All that a disk may do, from "nothing arrived" to "everything did", with the notorious new name on data that never came. */
export const LOSSES: readonly Loss[] = [
  { names: "none", data: "lost" },
  { names: "all", data: "lost" },
  { names: "all", data: "torn" },
  { names: "half", data: "torn" },
  { names: "none", data: "kept" },
  { names: "all", data: "kept" },
];

interface Inode {
  durable: Uint8Array<ArrayBuffer>;
  now: Uint8Array<ArrayBuffer>;
}
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
        const content = data === "kept" ? entry.now : data === "torn" ? torn(entry) : entry.durable;
        disk.#now.set(path, { durable: content, now: content });
      }
    }
    disk.#durable = new Map(disk.#now);
    return disk;
  }

  /** Puts a file there as if it had always been. */
  seed(path: string, content: Uint8Array<ArrayBuffer>): void {
    const inode = { durable: content, now: content };
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
    if (inode === undefined) {
      const made: Inode = { durable: new Uint8Array(), now: new Uint8Array() };
      inode = made;
      this.#change(path, (names) => void names.set(path, made));
    }
    const content = new Uint8Array(Math.max(inode.now.length, offset + bytes.length));
    content.set(inode.now);
    content.set(bytes, offset);
    inode.now = content;
    return this.#done();
  }

  truncate(path: string, size: number): Promise<void> {
    const inode = this.#required(path);
    inode.now = inode.now.slice(0, size);
    return this.#done();
  }

  sync(path: string): Promise<void> {
    const inode = this.#required(path);
    inode.durable = inode.now;
    return this.#done();
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

/** Half of what changed has arrived; where the rest should be there is something else. */
function torn({ durable, now }: Inode): Uint8Array<ArrayBuffer> {
  const changed = now.findIndex((byte, i) => byte !== durable[i]);
  if (changed < 0) return now;
  const content = now.slice();
  return content.fill(0xa5, Math.floor((changed + now.length) / 2));
}

function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}
