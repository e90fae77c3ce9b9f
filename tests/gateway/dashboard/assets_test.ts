import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { readAssets, serveAssets } from "../../../gateway/dashboard/assets.ts";

const other = () => new Response("other");

/** The page as `deno task test` has built it. */
const serve = serveAssets(readAssets(), other);

function get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> {
  return Promise.resolve(serve(new Request(`http://gateway${path}`, { method, headers }), "127.0.0.1"));
}

async function assetPaths(): Promise<string[]> {
  const html = await (await get("/")).text();
  return [...html.matchAll(/(?:src|href)="(assets\/[^"]+)"/g)].map(([, path]) => `/${path}`);
}

Deno.test("the page weighs at most 150 kB, compressed, with everything it loads", async () => {
  let bytes = 0;
  for (const path of new Set(["/", ...await assetPaths()])) {
    const response = await get(path, { "accept-encoding": "gzip, br" });
    assert.equal(response.headers.get("content-encoding"), "gzip", path);
    bytes += (await response.bytes()).length;
  }
  assert.ok(bytes > 5_000 && bytes <= 150_000, `${bytes} bytes`);
});

Deno.test("the page and all it loads name no other host", async () => {
  for (const path of ["/", ...await assetPaths()]) {
    const text = await (await get(path)).text();
    const hosts = [...text.matchAll(/https?:\/\/([a-z0-9.-]+)/gi)].map(([, host]) => host);
    // Names of XML vocabularies are never fetched.
    assert.deepEqual(hosts.filter((host) => host !== "www.w3.org"), [], path);
  }
});

Deno.test("the page may run its own code only, and nobody may frame it", async () => {
  for (const path of ["/", ...await assetPaths()]) {
    const { headers } = await get(path);
    const policy = headers.get("content-security-policy") ?? "";
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]) {
      assert.ok(policy.split("; ").includes(rule), `${path} ${rule}`);
    }
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
  }
  assert.doesNotMatch(await (await get("/")).text(), /<script(?![^>]*\ssrc=)|<style|\son\w+=|style=/i);
});

Deno.test("files are kept for a year under the digest of their content, the page itself is asked for again", async () => {
  assert.equal((await get("/")).headers.get("cache-control"), "no-cache");
  const paths = await assetPaths();
  assert.ok(paths.length >= 3);
  for (const path of paths) {
    assert.match(path, /-[0-9a-f]{10}\.(js|css|svg)$/);
    assert.equal((await get(path)).headers.get("cache-control"), "public, max-age=31536000, immutable");
  }
});

Deno.test("what a browser has already is not sent again", async () => {
  const etag = (await get("/")).headers.get("etag") ?? "";
  assert.match(etag, /^"[0-9a-f]{20}"$/);
  for (const known of [etag, `"x", W/${etag}`, "*"]) {
    const response = await get("/", { "if-none-match": known });
    assert.equal(response.status, 304, known);
    assert.equal(await response.text(), "");
  }
  assert.equal((await get("/", { "if-none-match": '"other"' })).status, 200);
});

Deno.test("a browser that takes no gzip gets the same content as it is", async () => {
  const zipped = await (await get("/", { "accept-encoding": "gzip;q=0.5" })).bytes();
  for (const encoding of ["identity", "br", "gzip;q=0", "x-gzip-not"]) {
    const plain = await get("/", { "accept-encoding": encoding });
    assert.equal(plain.headers.get("content-encoding"), null, encoding);
    assert.deepEqual(await plain.bytes(), new Uint8Array(gunzipSync(zipped)));
  }
});

Deno.test("HEAD tells the length and sends nothing", async () => {
  const response = await get("/", {}, "HEAD");
  assert.equal(Number(response.headers.get("content-length")), (await (await get("/")).bytes()).length);
  assert.equal(await response.text(), "");
});

Deno.test("no path leads out of the page's folder", async () => {
  for (
    const path of [
      "/assets/",
      "/assets/../build.ts",
      "/assets/%2e%2e/build.ts",
      "/assets/app.js",
      "/assets/..%2fassets.ts",
    ]
  ) {
    const response = await get(path);
    assert.ok(response.status === 404 || await response.text() === "other", path);
  }
});

Deno.test("what is not the page's goes to the API", async () => {
  assert.equal(await (await get("/status")).text(), "other");
  assert.equal(await (await get("/", {}, "POST")).text(), "other");
});

Deno.test("a gateway whose page was not built says which command builds it", async () => {
  const bare = serveAssets(readAssets(new URL("./no_such_folder/", import.meta.url)), other);
  const response = await bare(new Request("http://gateway/"), "127.0.0.1");
  assert.equal(response.status, 503);
  assert.match(await response.text(), /^.*deno task page\n$/);
});
