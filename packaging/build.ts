/**
 * Compiles the executable: `deno task build [--target <triple>]…`, by default for this machine, into `dist/`, with the
 * licences of what it holds.
 * `DENORT_BIN` names a runtime to embed where none can be downloaded, `DENO_COMPILE` the Deno that fits it.
 */
import { pageModules } from "../gateway/dashboard/build.ts";
import { bundleProgram } from "./bundle.ts";
import { NOTICES, notices } from "./notices.ts";

const OUTPUT = "dist";
const ROOT = new URL("../", import.meta.url);

/** Threads are started by name: nothing imports them. */
const WORKERS = ["platform/sqlite_backup_worker.ts"];

/**
 * Files that the program reads: the page, the licences (cli/commands/licences.ts: who gets the executable alone has them, too),
 * and what it installs (cli/service/install/assets.ts).
 */
const ASSETS = [
  "gateway/dashboard/dist",
  ...["LICENSE", `${OUTPUT}/${NOTICES}`],
  ...profileFolders(),
  ...["boot-guard", "preflight", "ecowatt.service", "sysusers.conf", "ecowatt.yaml"].map((name) => `packaging/${name}`),
];

/** Devices as data, with their dumps. */
function profileFolders(): readonly string[] {
  const entries = [...Deno.readDirSync(new URL("profiles/", ROOT))].filter(({ isDirectory }) => isDirectory);
  return entries.map(({ name }) => `profiles/${name}`).toSorted();
}

/**
 * What the program may do. Network: devices, brokers and inverters anywhere. Files: configuration, keys and state where
 * the operator puts them, and how much room their disk has (statfs). Environment: `${NAME}` in configuration files. FFI: libc, for serial ports (a list of
 * allowed libraries would need an absolute path, which differs between distributions). Run: a new image of
 * itself, which is asked for its version before it is trusted (ota/updater/probe.ts); it lies in the data directory, which
 * is not known here, and Deno allows programs by full path only; and, for `install`, systemd's own.
 */
const PERMISSIONS = [
  ...["--allow-net", "--allow-read", "--allow-write", "--allow-env", "--allow-ffi", "--allow-sys=uid,statfs,osUptime"],
  "--allow-run",
];

/** Memory before speed (docs/decisions/123-memory-of-the-executable.md). */
const V8_FLAGS = "--v8-flags=--optimize-for-size,--max-semi-space-size=1";

/** Compiles for a target, or for this machine; gives the path of the executable, in and beside which its licences lie. */
export async function compile(target: string | undefined): Promise<string> {
  const output = target === undefined ? `${OUTPUT}/ecowatt` : `${OUTPUT}/ecowatt-${target}`;
  await using program = await bundleProgram();
  await Deno.writeTextFile(
    new URL(`${OUTPUT}/${NOTICES}`, ROOT),
    notices([...program.modules, ...await pageModules()]),
  );
  const { success } = await new Deno.Command(Deno.env.get("DENO_COMPILE") ?? Deno.execPath(), {
    args: [
      ...["compile", "--quiet", "--no-prompt", "--no-config", "--no-lock", "--no-npm", V8_FLAGS, ...PERMISSIONS],
      ...[...WORKERS, ...ASSETS].flatMap((path) => ["--include", path]),
      ...(target === undefined ? [] : ["--target", target]),
      ...["--output", output, program.path],
    ],
    cwd: ROOT,
    stdout: "inherit",
    stderr: "inherit",
  }).spawn().status;
  if (!success) throw new Error(`Cannot compile ${output}`);
  await Deno.copyFile(new URL("LICENSE", ROOT), new URL(`${OUTPUT}/LICENSE`, ROOT));
  return output;
}

/** The targets that a command line names; `undefined`: this machine. */
export function targets(args: readonly string[]): (string | undefined)[] {
  const named = args.flatMap((arg, index) => (arg === "--target" ? [args[index + 1]] : []));
  return named.length === 0 ? [undefined] : named;
}

if (import.meta.main) {
  await Deno.mkdir(new URL(`../${OUTPUT}/`, import.meta.url), { recursive: true });
  for (const target of targets(Deno.args)) {
    Deno.stdout.writeSync(new TextEncoder().encode(`${await compile(target)}\n`));
  }
}
