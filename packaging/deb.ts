/**
 * Builds the Debian package: `deno task deb [--target <triple>]… [--executable <file>]`, by default for this machine, into
 * `dist/`. It takes `dpkg-deb`, which every Debian has. The executable is compiled unless one is given, beside which the
 * notices of what it holds have to lie (packaging/notices.ts).
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import project from "../deno.json" with { type: "json" };
import { bashCompletion } from "../cli/terminal/completion/bash.ts";
import { fishCompletion } from "../cli/terminal/completion/fish.ts";
import { placesOf } from "../cli/terminal/completion/places.ts";
import { zshCompletion } from "../cli/terminal/completion/zsh.ts";
import { unitText } from "../cli/service/install/layout.ts";
import { buildProgram } from "../cli/program.ts";
import { compile, targets } from "./build.ts";
import { debianChangelog } from "./debian_changelog.ts";
import { manPage } from "./man_page.ts";
import { NOTICES } from "./notices.ts";

const here = fileURLToPath(new URL("./", import.meta.url));

/** Debian's names of the machines that Deno compiles for. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

const MAINTAINER = "EcoWatt <packages@ecowatt.invalid>";

/** A file of the package. */
interface Packed {
  /** Where it goes, without the first slash. */
  readonly path: string;
  readonly mode: number;
  readonly text: string | Uint8Array;
}

/** Builds the package around an executable; gives its path. */
async function build(executable: string, architecture: string, output: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "ecowatt-deb-" });
  try {
    await Deno.chmod(folder, 0o755); // it is the root of the package
    const files = await packed(executable);
    for (const file of files) await put(folder, file);
    const bin = join(folder, "usr/bin/ecowatt");
    await Deno.mkdir(dirname(bin), { recursive: true });
    await Deno.copyFile(executable, bin);
    await Deno.chmod(bin, 0o755);
    const paths = [...files.map(({ path }) => path), "usr/bin/ecowatt"];
    for (const file of await control(folder, paths, architecture)) await put(folder, file);
    const path = join(output, `ecowatt_${debianVersion(project.version)}_${architecture}.deb`);
    await dpkgDeb(["--root-owner-group", "-Zxz", "-z1", "--build", folder, path]);
    return path;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function packed(executable: string): Promise<readonly Packed[]> {
  const text = (name: string) => Deno.readTextFile(join(here, name));
  return [
    { path: "usr/lib/ecowatt/boot-guard", mode: 0o755, text: await text("boot-guard") },
    {
      path: "usr/lib/systemd/system/ecowatt.service",
      mode: 0o644,
      text: unitText(await text("ecowatt.service"), "/usr"),
    },
    { path: "usr/lib/sysusers.d/ecowatt.conf", mode: 0o644, text: await text("sysusers.conf") },
    { path: "etc/default/ecowatt", mode: 0o644, text: await text("ecowatt.default") },
    { path: "usr/share/lintian/overrides/ecowatt", mode: 0o644, text: await text("debian/lintian-overrides") },
    ...await documents(),
    ...await licences(executable),
  ];
}

/** What the program says of itself: its changes, its manual page, and how shells complete it. */
async function documents(): Promise<readonly Packed[]> {
  const changes = join(here, "../CHANGELOG.md");
  const epoch = Deno.env.get("SOURCE_DATE_EPOCH");
  const at = epoch === undefined ? (await Deno.stat(changes)).mtime ?? new Date(0) : new Date(1000 * Number(epoch));
  const version = debianVersion(project.version);
  const changelog = debianChangelog(await Deno.readTextFile(changes), { version, maintainer: MAINTAINER, at });
  const program = buildProgram({ out: () => {}, err: () => {} });
  const manual = manPage(program, { version: project.version, date: at.toISOString().slice(0, 10) });
  const places = placesOf(program);
  const share = (path: string, text: string | Uint8Array) => ({ path: `usr/share/${path}`, mode: 0o644, text });
  return [
    share("bash-completion/completions/ecowatt", bashCompletion(places)),
    share("doc/ecowatt/changelog.gz", zipped(changelog)),
    share("fish/vendor_completions.d/ecowatt.fish", fishCompletion(places)),
    share("man/man1/ecowatt.1.gz", zipped(manual)),
    share("zsh/vendor-completions/_ecowatt", zshCompletion(places)),
  ];
}

/** Under which terms the package and what the executable holds may be used. */
async function licences(executable: string): Promise<readonly Packed[]> {
  const notices = await Deno.readTextFile(join(dirname(executable), NOTICES)).catch((cause) => {
    throw new Error(`Cannot build the package: ${NOTICES} is missing beside the executable`, { cause });
  });
  return [
    {
      path: "usr/share/doc/ecowatt/copyright",
      mode: 0o644,
      text: await Deno.readTextFile(join(here, "debian/copyright")),
    },
    { path: `usr/share/doc/ecowatt/${NOTICES}.gz`, mode: 0o644, text: zipped(notices) },
  ];
}

/** As small as it gets and the same every time, as Debian wants it. */
function zipped(text: string): Uint8Array {
  return gzipSync(text, { level: 9 });
}

/** What dpkg itself reads. */
async function control(folder: string, paths: readonly string[], architecture: string): Promise<readonly Packed[]> {
  const sizes = await Promise.all(paths.map(async (path) => (await Deno.stat(join(folder, path))).size));
  const kibibytes = Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / 1024);
  const script = async (name: string) => ({
    path: `DEBIAN/${name}`,
    mode: 0o755,
    text: await Deno.readTextFile(join(here, "debian", name)),
  });
  const sums = await Promise.all(paths.map(async (path) => `${await md5(join(folder, path))}  ${path}\n`));
  return [
    { path: "DEBIAN/control", mode: 0o644, text: controlText(architecture, kibibytes) },
    { path: "DEBIAN/conffiles", mode: 0o644, text: "/etc/default/ecowatt\n" },
    { path: "DEBIAN/md5sums", mode: 0o644, text: sums.join("") },
    { path: "DEBIAN/preinst", mode: 0o755, text: preinst(await Deno.readTextFile(join(here, "preflight"))) },
    await script("postinst"),
    await script("prerm"),
    await script("postrm"),
  ];
}

/** The check of the machine, unless the package goes into the image of another one. */
function preinst(preflight: string): string {
  return preflight.replace(/\n/, '\nset -e\n[ -z "${DPKG_ROOT:-}" ] || exit 0\n');
}

function controlText(architecture: string, kibibytes: number): string {
  return `Package: ecowatt
Version: ${debianVersion(project.version)}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${kibibytes}
Depends: libc6 (>= 2.27), libgcc-s1, passwd, systemd (>= 247)
Section: net
Priority: optional
Description: acquisition node and gateway for solar inverters
 Polls inverters over Modbus RTU, Modbus TCP or HTTP, keeps every sample through
 outages and power cuts, and uploads them signed; or is the gateway that takes
 them, publishes over MQTT, sends commands and settings, and rolls out firmware.
 .
 The service updates itself through its gateway; an update, also one by this
 package, has to prove itself or the executable before it runs again.
`;
}

/** A version before its release sorts before it, which Debian writes with a tilde (deb-version(7)). */
function debianVersion(version: string): string {
  return version.replace("-", "~").replaceAll("-", ".");
}

async function put(folder: string, { path, mode, text }: Packed): Promise<void> {
  const to = join(folder, path);
  await Deno.mkdir(dirname(to), { recursive: true, mode: 0o755 });
  await Deno.writeFile(to, typeof text === "string" ? new TextEncoder().encode(text) : text);
  await Deno.chmod(to, mode);
}

/** What dpkg wants for its list of files; coreutils are wherever dpkg is. */
async function md5(path: string): Promise<string> {
  const { success, stdout } = await new Deno.Command("md5sum", { args: ["--binary", path] }).output();
  if (!success) throw new Error(`Cannot hash ${path}`);
  return new TextDecoder().decode(stdout).slice(0, 32);
}

async function dpkgDeb(args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("dpkg-deb", { args: [...args], stdout: "null", stderr: "piped" })
    .output()
    .catch((cause) => {
      throw new Error("Cannot build the package: dpkg-deb is missing (on Debian it is part of dpkg)", { cause });
    });
  if (!success) throw new Error(`Cannot build the package: ${new TextDecoder().decode(stderr).trim()}`);
}

/** The value of a flag. */
function flag(name: string): string | undefined {
  const at = Deno.args.indexOf(name);
  return at < 0 ? undefined : Deno.args[at + 1];
}

if (import.meta.main) {
  Deno.umask(0o022);
  const output = flag("--output") ?? fileURLToPath(new URL("../dist/", import.meta.url));
  await Deno.mkdir(output, { recursive: true });
  for (const target of targets(Deno.args)) {
    const machine = (target ?? Deno.build.target).split("-")[0] ?? "";
    const architecture = ARCHITECTURES[machine];
    if (architecture === undefined) {
      throw new Error(`Cannot build the package: Debian has no ${machine} that is known here`);
    }
    const executable = flag("--executable") ?? join(here, "..", await compile(target));
    Deno.stdout.writeSync(new TextEncoder().encode(`${await build(executable, architecture, output)}\n`));
  }
}
