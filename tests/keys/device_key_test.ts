import assert from "node:assert/strict";
import { hmacSha256 } from "../../crypto/hmac.ts";
import { loadDeviceKey } from "../../keys/device_key.ts";
import { DeviceId } from "../../protocol/device_id.ts";

const testKeyDigits = "07".repeat(32);
const config = { device_id: DeviceId.parse("node-1"), key_number: 3 };

async function withFile(content: string, mode: number, body: (path: string, dir: string) => Promise<void>) {
  const dir = Deno.makeTempDirSync();
  const path = `${dir}/device.key`;
  Deno.writeTextFileSync(path, content);
  Deno.chmodSync(path, mode);
  await body(path, dir);
  Deno.removeSync(dir, { recursive: true });
}

Deno.test("a key comes from the configuration, its file, or the data directory, and is the same", async () => {
  await withFile(`${testKeyDigits}\n`, 0o600, async (path, dir) => {
    const keys = [
      await loadDeviceKey({ ...config, key: testKeyDigits }, "/nowhere"),
      await loadDeviceKey({ ...config, key_file: path }, "/nowhere"),
      await loadDeviceKey(config, dir),
    ];
    const macs = await Promise.all(keys.map(({ hmac }) => hmacSha256(hmac, "x")));
    assert.deepEqual(macs[1], macs[0]);
    assert.deepEqual(macs[2], macs[0]);
    assert.deepEqual([keys[0]?.deviceId, keys[0]?.number], ["node-1", 3]);
  });
});

Deno.test("a key file that others can read, or that holds no key, is refused by name and without its content", async () => {
  const table: [string, number, RegExp][] = [
    [testKeyDigits, 0o644, /mode is 0644.*chmod 600/],
    [testKeyDigits, 0o640, /mode is 0640/],
    [testKeyDigits.slice(2), 0o600, /64 hex digits/],
    ["", 0o400, /64 hex digits/],
  ];
  for (const [content, mode, message] of table) {
    await withFile(content, mode, async (path) => {
      await assert.rejects(loadDeviceKey({ ...config, key_file: path }, "/nowhere"), (error: Error) => {
        assert.match(error.message, message);
        assert.ok(error.message.includes(path) && !error.message.includes("0707"));
        return true;
      });
    });
  }
  for (const key of ["", testKeyDigits.slice(2), `${testKeyDigits}07`, "x".repeat(64)]) {
    await assert.rejects(loadDeviceKey({ ...config, key }, "/nowhere"), /the device key: it is not 64 hex digits/);
  }
  await assert.rejects(loadDeviceKey(config, "/nowhere"), /\/nowhere\/device.key: there is no such file/);
});
