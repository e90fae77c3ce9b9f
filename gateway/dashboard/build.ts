/**
 * Builds the dashboard's page into `dist/`: `deno task page`. Nothing is done when no source is newer than what is there.
 * `dist/index.html` names everything else, and everything else carries a digest of its content in its name.
 */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin } from "esbuild";
import { toHex } from "../../crypto/bytes.ts";
import { sha256 } from "../../crypto/sha256.ts";

const PAGE = new URL("./page/", import.meta.url);
const DIST = new URL("./dist/", import.meta.url);
/** Whatever else the page depends on. */
const INPUTS = [new URL(import.meta.url), new URL("../../deno.lock", import.meta.url)];

/** Bare names are npm packages in Deno's own cache, where esbuild does not look. */
const npm: Plugin = {
  name: "npm",
  setup(build) {
    build.onResolve({ filter: /^(preact|uplot)(\/|$)/ }, ({ path }) => ({
      path: Deno.realPathSync(new URL(import.meta.resolve(path))),
    }));
  },
};

/** Code and style of the page, minified, and the files that they were made of. */
interface Bundle {
  readonly outputs: ReadonlyMap<string, Uint8Array>;
  readonly modules: readonly string[];
}

async function bundle(): Promise<Bundle> {
  const { build, stop } = await import("esbuild");
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: { app: entry("main.tsx"), style: entry("style/main.css") },
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      absWorkingDir: entry("."),
      outdir: "/",
      format: "esm",
      target: ["es2022", "chrome109", "firefox115", "safari16"],
      jsx: "automatic",
      jsxImportSource: "preact",
      legalComments: "none",
      plugins: [npm],
      logLevel: "warning",
    });
    const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
    return {
      outputs: new Map(outputFiles.map(({ path, contents }) => [path.replace(/^.*[/\\]/, ""), contents])),
      modules: inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => join(entry("."), path)),
    };
  } finally {
    await stop();
  }
}

/** The files of which there is code or style in the page. */
export async function pageModules(): Promise<readonly string[]> {
  return (await bundle()).modules;
}

function entry(path: string): string {
  return decodeURIComponent(new URL(path, PAGE).pathname);
}

/** `app.js` of some content is `app-1f2e3d4c5b.js`. */
function hashedName(name: string, content: Uint8Array): string {
  return name.replace(/\.(\w+)$/, `-${toHex(sha256(content)).slice(0, 10)}.$1`);
}

async function write(path: string, content: Uint8Array): Promise<void> {
  await Deno.writeFile(new URL(path, DIST), content);
  await Deno.writeFile(new URL(`${path}.gz`, DIST), gzipSync(content, { level: 9 }));
}

async function buildPage(): Promise<void> {
  const { outputs } = await bundle();
  const parts = new Map([...outputs, ["icon.svg", await Deno.readFile(new URL("icon.svg", PAGE))]]);
  await Deno.mkdir(new URL("assets/", DIST), { recursive: true });
  let html = await Deno.readTextFile(new URL("index.html", PAGE));
  const names = new Set<string>();
  for (const [name, content] of parts) {
    const hashed = hashedName(name, content);
    names.add(hashed).add(`${hashed}.gz`);
    html = html.replaceAll(`assets/${name}`, `assets/${hashed}`);
    await write(`assets/${hashed}`, content);
  }
  // Last, so that what it names is there.
  await write("index.html", new TextEncoder().encode(html));
  for await (const { name } of Deno.readDir(new URL("assets/", DIST))) {
    if (!names.has(name)) await Deno.remove(new URL(`assets/${name}`, DIST));
  }
}

/** When the newest of the sources changed. */
async function sourcesChangedAt(folder: URL): Promise<number> {
  let newest = (await Deno.stat(folder)).mtime?.getTime() ?? Infinity;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const url = new URL(isDirectory ? `${name}/` : name, folder);
    newest = Math.max(newest, isDirectory ? await sourcesChangedAt(url) : await changedAt(url));
  }
  return newest;
}

async function changedAt(url: URL): Promise<number> {
  return (await Deno.stat(url)).mtime?.getTime() ?? Infinity;
}

async function isFresh(): Promise<boolean> {
  try {
    const built = await changedAt(new URL("index.html.gz", DIST));
    const inputs = await Promise.all(INPUTS.map(changedAt));
    return built > Math.max(await sourcesChangedAt(PAGE), ...inputs);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

if (import.meta.main && !await isFresh()) await buildPage();
