import assert from "node:assert/strict";
import { databasePath } from "../../../gateway/store/database.ts";
import { countDigests, countHmacs, countStatements } from "../../fakes/counted.ts";
import {
  addSigned,
  blockOf,
  type DeviceGateway,
  type Post,
  signedPost,
  someSamples,
  startDeviceGateway,
  upload,
} from "../../fakes/device_gateway.ts";
import { openGatewayStore } from "../../fakes/gateway_store.ts";

/** What an upload of one block may cost at most, counted: a regression is seen on any machine, however busy. */
const STATEMENTS = 8;
const HMACS = 2;
const DIGESTS = 2;
/** Pages of 4096 bytes that go to the disk for an upload that has a commit of its own. */
const PAGES = 4;

const UPLOADS = 40;
const MINUTE_MS = 60_000;

/** Uploads of one device, signed before anything is counted: 8 samples of one minute each, or of a minute of its own. */
async function uploadsOf(gateway: DeviceGateway, each: { readonly apartMs: number }): Promise<readonly Post[]> {
  const key = await addSigned(gateway.store, "roof");
  const start = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - MINUTE_MS * UPLOADS;
  return await Promise.all(Array.from({ length: UPLOADS + 2 }, (_, i) => {
    return signedPost(gateway, key, i + 1, upload("roof", blockOf(i + 1, someSamples(8, start + i * each.apartMs))));
  }));
}

async function post(gateway: DeviceGateway, { path, headers, body }: Post): Promise<void> {
  const response = await fetch(gateway.url + path, { method: "POST", headers, body });
  await response.body?.cancel();
  assert.equal(response.status, 200);
}

Deno.test("an upload costs no more statements, HMACs and digests than it has to", async () => {
  let counts: ReadonlyMap<string, number> = new Map();
  await using gateway = startDeviceGateway(
    {},
    openGatewayStore(undefined, undefined, (db) => counts = countStatements(db)),
  );
  const [first, second, ...uploads] = await uploadsOf(gateway, { apartMs: 1 });
  assert.ok(first && second);
  for (const upload of [first, second]) await post(gateway, upload); // makes the series and what is kept of it
  const before = new Map(counts);
  using hmacs = countHmacs();
  using digests = countDigests();
  for (const upload of uploads) await post(gateway, upload);
  const ran = [...counts].flatMap(([sql, count]) => {
    const each = (count - (before.get(sql) ?? 0)) / UPLOADS;
    return each === 0 || sql.startsWith("PRAGMA data_version")
      ? []
      : [`${each} ${sql.replace(/\s+/g, " ").slice(0, 40)}`];
  });
  assert.equal(hmacs.count, HMACS * UPLOADS);
  assert.equal(digests.count, DIGESTS * UPLOADS);
  assert.ok(ran.reduce((sum, each) => sum + parseFloat(each), 0) <= STATEMENTS, ran.join("\n"));
});

Deno.test("an upload writes no more pages than it has to", async () => {
  await using gateway = startDeviceGateway();
  const [first, second, ...uploads] = await uploadsOf(gateway, { apartMs: 1 });
  assert.ok(first && second);
  for (const upload of [first, second]) await post(gateway, upload);
  const written = () => Deno.statSync(`${databasePath(gateway.store.directory)}-wal`).size;
  const before = written();
  for (const upload of uploads) await post(gateway, upload);
  const pages = (written() - before) / 4120 / UPLOADS;
  assert.ok(pages <= PAGES, `${pages} pages an upload`);
});
