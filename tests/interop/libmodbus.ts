import assert from "node:assert/strict";
import type { ByteStream } from "../../device/modbus/byte_stream.ts";
import { openPty } from "../../device/serial/pty.ts";
import "../fakes/loaded_libraries.ts";
import { type Need, program } from "../needs.ts";

const HEADER = "/usr/include/modbus/modbus.h";

/** What the tests against libmodbus need: a C compiler and the library. */
export const libmodbus: readonly Need[] = [
  program("gcc"),
  { what: `${HEADER} (Debian: libmodbus-dev)`, met: exists(HEADER) },
];

/** A libmodbus server that runs. */
export interface LibmodbusServer extends AsyncDisposable {
  /** Port of a TCP server, 0 of another. */
  readonly port: number;
  /** Ends the process as a crash would. */
  kill(): void;
}

let binary: Promise<string> | undefined;

/** Starts libmodbus_server.c (compiled at the first use) and waits until it can be asked. */
export function startLibmodbus(...args: readonly string[]): Promise<LibmodbusServer> {
  return startLibmodbusAt(1000, ...args);
}

/** The same with holding registers that count from `base` on. */
export async function startLibmodbusAt(base: number, ...args: readonly string[]): Promise<LibmodbusServer> {
  const program = await (binary ??= compile());
  const env = { BASE: String(base) };
  const child = new Deno.Command(program, { args: [...args], env, stdout: "piped" }).spawn();
  const greeting = await firstLine(child.stdout);
  assert.match(greeting, /^(open|port \d+)$/);
  return {
    port: Number(/\d+/.exec(greeting)?.[0] ?? 0),
    kill: () => child.kill("SIGKILL"),
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // it ended with its line
      }
      await child.status;
    },
  };
}

/** Two ptys joined back to back: a null-modem cable whose ends are opened as serial ports. */
export function nullModem() {
  const [left, right] = [openPty(), openPty()];
  const copying = Promise.all([copy(left.stream, right.stream), copy(right.stream, left.stream)]);
  return {
    left: left.path,
    right: right.path,
    async [Symbol.asyncDispose]() {
      left.stream.close();
      right.stream.close();
      await copying;
    },
  };
}

async function copy(from: ByteStream, to: ByteStream): Promise<void> {
  try {
    for (;;) {
      const bytes = await from.read(60_000);
      if (bytes) await to.write(bytes);
    }
  } catch {
    // the cable was pulled
  }
}

async function compile(): Promise<string> {
  const out = `${await Deno.makeTempDir()}/libmodbus_server`;
  const source = new URL("./libmodbus_server.c", import.meta.url).pathname;
  const args = ["-O1", "-Wall", "-o", out, source, "-I/usr/include/modbus", "-lmodbus"];
  const { success, stderr } = await new Deno.Command("gcc", { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return out;
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream) {
    text += new TextDecoder().decode(chunk);
    if (text.includes("\n")) break;
  }
  return text.trim();
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
