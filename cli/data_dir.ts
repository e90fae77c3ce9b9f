import { join } from "node:path";

/** Reads one environment variable; a parameter so that tests need no real environment. */
export type Env = (name: string) => string | undefined;

/** Where state lives: `--data-dir`, else systemd's StateDirectory, else the system's or the user's usual place. */
function dataDir(flag: string | undefined, env: Env, isRoot: boolean): string {
  const state = flag ?? env("STATE_DIRECTORY")?.split(":")[0];
  if (state) return state;
  if (isRoot) return "/var/lib/ecowatt";
  const home = env("XDG_DATA_HOME") ?? join(env("HOME") ?? ".", ".local", "share");
  return join(home, "ecowatt");
}

/** The data directory of this process; `--data-dir` wins. */
export function processDataDir(flag: string | undefined): string {
  return dataDir(flag, (name) => Deno.env.get(name), Deno.uid() === 0);
}

/** State of the gateway within the data directory. */
export function gatewayDir(dataDir: string): string {
  return join(dataDir, "gateway");
}

/** State of the node within the data directory. */
export function nodeDir(dataDir: string): string {
  return join(dataDir, "node");
}

/** Where samples of the last seconds are kept in memory: systemd's RuntimeDirectory; `undefined`: nowhere, so on disk. */
export function tailDir(env: Env): string | undefined {
  const runtime = env("RUNTIME_DIRECTORY")?.split(":")[0];
  return runtime ? join(runtime, "node") : undefined;
}

/** The executables of this program within the data directory, for the boot guard. */
export function slotsDir(dataDir: string): string {
  return join(dataDir, "slots");
}
