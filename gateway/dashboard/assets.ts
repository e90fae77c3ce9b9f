import { toHex } from "../../crypto/bytes.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { programFile } from "../../platform/program_files.ts";
import { Fault } from "../fault.ts";
import { problemResponse } from "../http/problem.ts";
import type { Handler } from "../http/server.ts";

/** A file of the page, ready to be sent. */
interface Asset {
  readonly type: string;
  readonly etag: string;
  readonly content: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
  /** Its name changes with its content. */
  readonly immutable: boolean;
}

/** The page's files by the path they are served at. */
type Assets = ReadonlyMap<string, Asset>;

/** Where `deno task page` puts them. */
const DIST = programFile("gateway/dashboard/dist/");

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** The page runs its own code and speaks to its own gateway, and that is all it may do. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS = {
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  vary: "accept-encoding",
};

/** Reads the page, a few files of together less than a megabyte. None, when it was not built. */
export function readAssets(dist: URL = DIST): Assets {
  const assets = new Map<string, Asset>();
  try {
    assets.set("/", readAsset(new URL("index.html", dist), false));
    for (const { name } of Deno.readDirSync(new URL("assets/", dist))) {
      if (!name.endsWith(".gz")) assets.set(`/assets/${name}`, readAsset(new URL(`assets/${name}`, dist), true));
    }
    return assets;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Map();
    throw error;
  }
}

function readAsset(url: URL, immutable: boolean): Asset {
  const content = Deno.readFileSync(url);
  const digest = toHex(sha256(content)).slice(0, 20);
  const type = TYPES[url.pathname.replace(/^.*\./, "")] ?? "application/octet-stream";
  const gzipped = Deno.readFileSync(new URL(`${url}.gz`));
  return { type, etag: `"${digest}"`, content, gzipped, immutable };
}

/** Serves `/` and `/assets/…` and gives everything else to `other`. */
export function serveAssets(assets: Assets, other: Handler): Handler {
  return (request, address) => {
    const path = new URL(request.url).pathname;
    const reads = request.method === "GET" || request.method === "HEAD";
    if (!reads || path !== "/" && !path.startsWith("/assets/")) return other(request, address);
    const asset = assets.get(path);
    if (asset !== undefined) return answer(request, asset);
    return path === "/" ? notBuilt() : problemResponse(new Fault("not_found", "The page has no such file"));
  };
}

function answer(request: Request, { type, etag, content, gzipped, immutable }: Asset): Response {
  const caching = immutable ? "public, max-age=31536000, immutable" : "no-cache";
  const headers = new Headers({ ...HEADERS, etag, "cache-control": caching, "content-type": type });
  if (isKnown(request.headers.get("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  const zip = acceptsGzip(request.headers.get("accept-encoding"));
  const body = zip ? gzipped : content;
  if (zip) headers.set("content-encoding", "gzip");
  headers.set("content-length", String(body.length));
  return new Response(request.method === "HEAD" ? null : body, { headers });
}

function isKnown(header: string | null, etag: string): boolean {
  return header !== null &&
    (header.trim() === "*" || header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag));
}

function acceptsGzip(header: string | null): boolean {
  const [, quality = "1"] = header?.match(/(?:^|,)\s*gzip\s*(?:;\s*q=([\d.]+))?\s*(?:,|$)/) ?? [undefined, "0"];
  return Number(quality) > 0;
}

function notBuilt(): Response {
  const text = "The dashboard's page was not built. Run: deno task page\n";
  return new Response(text, {
    status: 503,
    headers: { ...HEADERS, "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });
}
