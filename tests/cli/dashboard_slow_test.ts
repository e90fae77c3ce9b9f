import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { getLogger } from "@logtape/logtape";
import { openGateway } from "../../cli/service/run/roles.ts";
import { GatewayConfig } from "../../gateway/config.ts";
import { at } from "../gateway/api/fixture.ts";

const main = fileURLToPath(new URL("../../main.ts", import.meta.url));

async function dashboard(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "-A", main, "dashboard", ...args] });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, out: text(stdout), err: text(stderr) };
}

function logIn(link: string): Promise<Response> {
  const { origin, hash } = new URL(link);
  const headers = { "content-type": "application/json", origin };
  const body = JSON.stringify({ code: hash.replace("#/login/", "") });
  return fetch(`${origin}/session`, { method: "POST", headers, body });
}

Deno.test("dashboard prints a link to the gateway that runs on the data directory, and logs everybody out", async () => {
  const folder = await Deno.makeTempDir();
  const log = getLogger(["test"]);
  {
    await using gateway = await openGateway(GatewayConfig.parse({ port: 0 }), folder, log);
    const { out: link, err } = await dashboard("--data-dir", folder, "--role", "viewer");
    assert.equal(err, "");
    assert.ok(link.startsWith(`${gateway.url}/#/login/`), link);
    const response = await logIn(link);
    assert.equal(response.status, 200);
    assert.equal(at(await response.json(), "role"), "viewer");
    const again = await logIn(link);
    assert.equal(again.status, 401);
    await again.body?.cancel();
    const cookie = response.headers.get("set-cookie")?.split(";")[0] ?? "";
    assert.equal((await dashboard("--data-dir", folder, "--logout-all")).out, "1 browser is logged out");
    const after = await fetch(`${gateway.url}/session`, { headers: { cookie } });
    assert.equal(after.status, 401);
    await after.body?.cancel();
  }
  const { code, out, err } = await dashboard("--data-dir", folder, "--json");
  assert.equal(code, 0);
  assert.equal(err, "");
  const json: unknown = JSON.parse(out);
  assert.equal(at(json, "running"), false);
  assert.match(String(at(json, "url")), /^http:\/\/127\.0\.0\.1:8080\/#\/login\/[\w-]{43}$/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("dashboard makes a link for a gateway elsewhere, with a token and with no more than its role", async () => {
  const folder = await Deno.makeTempDir();
  {
    await using gateway = await openGateway(GatewayConfig.parse({ port: 0 }), folder, getLogger(["test"]));
    const { secret } = await gateway.management.createToken({ name: "test", role: "operator" });
    const { out } = await dashboard("--url", gateway.url, "--token", secret, "--role", "admin");
    const response = await logIn(out);
    assert.equal(at(await response.json(), "role"), "operator");
  }
  await Deno.remove(folder, { recursive: true });
});
