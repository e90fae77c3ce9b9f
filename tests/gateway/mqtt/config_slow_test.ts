import assert from "node:assert/strict";
import { run } from "../../e2e/process.ts";

Deno.test("a file that is missing, empty or open to others is one clear line without its content", async () => {
  const folder = await Deno.makeTempDir();
  const at = (name: string) => `${folder}/${name}`;
  await Deno.writeTextFile(at("open"), "test-password", { mode: 0o644 });
  await Deno.writeTextFile(at("empty"), "\n", { mode: 0o600 });
  await Deno.writeTextFile(at("ca"), "test: no certificate", { mode: 0o644 });
  const broker = (more: object) => ({ broker: { url: "mqtts://127.0.0.1:1", username: "a", ...more } });
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [broker({ password_file: at("gone") }), /there is no such file/],
    [broker({ password_file: at("open") }), /others can read it; chmod 600/],
    [broker({ password_file: at("empty") }), /it is empty/],
    [broker({ ca_file: at("ca") }), /it holds no PEM certificate/],
    [broker({ ca_file: at("gone") }), /there is no such file/],
    [{ embedded: { port: 0, users: [{ username: "a", password_file: at("gone") }] } }, /there is no such file/],
  ];
  for (const [config, reason] of cases) {
    await Deno.writeTextFile(at("gateway.yaml"), JSON.stringify({ gateway: { port: 0, mqtt: config } }));
    const { code, out, err } = await run(["gateway", "--config", at("gateway.yaml"), "--data-dir", folder]);
    assert.deepEqual([code, out], [1, ""]);
    assert.match(err, /^ecowatt: .*\n$/);
    assert.match(err, reason);
    assert.ok(!err.includes("test-password"));
  }
  await Deno.remove(folder, { recursive: true });
});
