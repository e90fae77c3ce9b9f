import assert from "node:assert/strict";
import { type GatewayProcess, startGatewayProcess } from "../e2e/gateway.ts";
import { start, until } from "../e2e/process.ts";
import { freePort } from "../fakes/free_port.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { program, testWith } from "../needs.ts";
import { chromium, startBrowser, visit } from "./browser.ts";

/** nginx in front of a gateway, in a folder and on a port of its own; it compresses whatever it can. */
async function startNginx(gateway: GatewayProcess) {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await temporaryDirectory());
  const port = freePort();
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const config = `
    daemon off; master_process off; pid ${folder.path}/pid; error_log stderr;
    events {}
    http {
      access_log off;
      ${paths.map((name) => `${name}_temp_path ${folder.path}/${name};`).join(" ")}
      gzip on; gzip_min_length 1; gzip_proxied any; gzip_types *;
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass ${gateway.url};
          proxy_http_version 1.1;
          proxy_buffering off;
          proxy_set_header Host $http_host;
          proxy_set_header Accept-Encoding "";
        }
      }
    }`;
  await Deno.writeTextFile(`${folder.path}/nginx.conf`, config);
  const args = ["-p", folder.path, "-c", `${folder.path}/nginx.conf`, "-e", "stderr"];
  opening.use(start(args, { program: ["nginx"], env: { PATH: `${Deno.env.get("PATH")}:/usr/sbin` } }));
  const url = `http://127.0.0.1:${port}`;
  await until("an answer of nginx", async () => {
    const answer = await fetch(url);
    await answer.body?.cancel();
    return answer.ok || undefined;
  });
  const running = opening.move();
  return { url, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

testWith(
  [chromium, program("nginx")],
  "behind nginx that compresses, settings are saved in a browser and over the API, and a change under them is told",
  async () => {
    await using gateway = await startGatewayProcess();
    await gateway.addDevice("roof");
    await using proxy = await startNginx(gateway);
    const settings = (method: string, headers: Record<string, string>, body?: string) =>
      fetch(`${proxy.url}/api/v1/devices/roof/settings`, {
        method,
        headers: { authorization: `Bearer ${gateway.token}`, "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body }),
      });

    const shown = await settings("GET", { "accept-encoding": "gzip" });
    const etag = shown.headers.get("etag") ?? "";
    assert.equal(etag, 'W/"0"', "nginx has compressed it");
    await shown.body?.cancel();
    const kept = await settings("PATCH", { "if-match": etag }, '{"poll_interval_s":4}');
    assert.deepEqual([kept.status, (await kept.json()).version], [200, 1]);
    const late = await settings("PATCH", { "if-match": etag }, '{"poll_interval_s":5}');
    assert.equal(late.status, 412);
    await late.body?.cancel();

    const browser = await startBrowser();
    try {
      const { pathname, hash } = new URL(await gateway.link("operator"));
      await using visitor = await visit(browser, proxy.url + pathname + hash);
      const { page } = visitor;
      await page.getByRole("heading", { name: "Overview" }).waitFor();
      await page.goto(`${proxy.url}/#/settings/roof`);
      await page.getByLabel("Upload interval").fill("30");
      await page.getByRole("button", { name: "Review the change" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
      await page.getByRole("status").filter({ hasText: "Settings of roof saved as version 2" }).waitFor();

      await page.getByLabel("Upload interval").fill("40");
      const other = await settings("PATCH", {}, '{"upload_interval_s":50}');
      assert.equal(other.status, 200);
      await other.body?.cancel();
      await page.getByText("Version 3 came meanwhile; you started from version 2.").waitFor();
      await page.getByRole("button", { name: "Review the change" }).click();
      await page.getByRole("alert").filter({ hasText: "Somebody else changed these settings meanwhile" }).waitFor();
    } finally {
      await browser.close();
    }
  },
);
