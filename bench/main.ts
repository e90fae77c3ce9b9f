import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { benchBeside } from "./beside.ts";
import { benchBlock } from "./block.ts";
import { benchCommands } from "./command.ts";
import { benchExecutable } from "./executable.ts";
import { benchModbusTcp } from "./modbus_tcp.ts";
import type { Row } from "./row.ts";
import { benchRtu } from "./rtu.ts";
import { benchUpdate } from "./update.ts";
import { benchUploads } from "./uploads.ts";

/**
 * `deno task bench [name]…`: every figure beside its yardstick, in one run; with `--beside <checkout>`, beside that checkout's.
 */
const BENCHES: Readonly<Record<string, () => Promise<Row[]>>> = {
  uploads: benchUploads,
  modbus_tcp: benchModbusTcp,
  rtu: benchRtu,
  block: benchBlock,
  command: benchCommands,
  executable: benchExecutable,
  update: benchUpdate,
};

const write = (line: string) => void Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));

function shown({ name, value, unit, yardstick, ratio }: Row): string {
  const beside = yardstick === undefined ? "" : `  beside ${figure(yardstick)}`;
  const times = ratio === undefined ? "" : `  ratio ${ratio.toFixed(2)}`;
  return `  ${name.padEnd(64)} ${figure(value).padStart(10)} ${unit}${beside}${times}`;
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}

function machine(): string {
  const cpu = Deno.readTextFileSync("/proc/cpuinfo").match(/model name\s*: (.*)/)?.[1] ?? "unknown processor";
  return `${navigator.hardwareConcurrency} × ${cpu}, ${Deno.build.os} ${Deno.build.arch}, Deno ${Deno.version.deno}`;
}

write(machine());
const { values: { beside }, positionals } = parseArgs({
  options: { beside: { type: "string" } },
  allowPositionals: true,
});
const chosen = positionals.length === 0 ? Object.keys(BENCHES) : positionals;
for (const name of chosen) {
  const bench = BENCHES[name];
  if (bench === undefined) {
    write(`There is no bench "${name}"; there are ${Object.keys(BENCHES).join(", ")}`);
    Deno.exit(2);
  }
  write(name);
  for (const row of await (beside === undefined ? bench() : benchBeside(name, resolve(beside)))) write(shown(row));
}
