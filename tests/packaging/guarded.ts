import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SlotName } from "../../ota/slots/trial.ts";
import { type Running, start } from "../e2e/process.ts";

const GUARD = fileURLToPath(new URL("../../packaging/boot-guard", import.meta.url));

/** Test image ids: any hex digits do. */
export const IMAGE = "ab".repeat(32);

/** A folder of slots with executables that a test writes. */
export class Guarded implements AsyncDisposable {
  readonly root = Deno.makeTempDirSync({ prefix: "ecowatt-guard-" });
  readonly slots = join(this.root, "slots");
  readonly installed = join(this.root, "installed");
  /** What the guard finds in its environment besides ours. */
  env: Record<string, string> = {};

  constructor() {
    for (const slot of ["a", "b"]) Deno.mkdirSync(join(this.slots, slot), { recursive: true });
  }

  /** Puts an executable into a slot: the body of a shell script, or bytes. */
  put(slot: SlotName | "installed", content: string | Uint8Array, mode = 0o755): void {
    const path = slot === "installed" ? this.installed : join(this.slots, slot, "ecowatt");
    const bytes = typeof content === "string" ? new TextEncoder().encode(`#!/bin/sh\n${content}\n`) : content;
    Deno.writeFileSync(path, bytes);
    Deno.chmodSync(path, mode);
  }

  current(slot: string): void {
    Deno.symlinkSync(slot, join(this.slots, "current"));
  }

  write(name: string, text: string): void {
    Deno.writeTextFileSync(join(this.slots, name), text);
  }

  text(name: string): string | undefined {
    try {
      return Deno.readTextFileSync(join(this.slots, name));
    } catch {
      return undefined;
    }
  }

  /** Starts the guard with the real shell. */
  boot(...args: string[]): Running {
    return start([this.slots, this.installed, ...args], { program: [GUARD], env: this.env });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}
