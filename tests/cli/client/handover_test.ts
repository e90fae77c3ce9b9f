import assert from "node:assert/strict";
import { handover } from "../../../cli/client/handover.ts";
import { ConfigFile } from "../../../cli/service/config/config_file.ts";
import { parseYaml } from "../../../cli/service/config/yaml_file.ts";

const testKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const secret = { number: 2, key: testKey };

Deno.test("what is handed to a node is a configuration that works as it stands", () => {
  const device = { device_id: "1e5", auth: "signed", wire_id: null } as const;
  const parsed = parseYaml(handover(device, secret, "http://gateway:8080"), ConfigFile, () => undefined);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  assert.partialDeepStrictEqual(parsed.value.node, {
    device_id: "1e5",
    gateway: "http://gateway:8080",
    key: testKey,
    key_number: 2,
  });
});

Deno.test("what is handed to a board is a C header with its own name and the key in both forms", () => {
  const device = { device_id: "shed", auth: "legacy", wire_id: "ESP32_EcoWatt_Smart" } as const;
  const header = handover(device, secret, "http://10.0.0.2:8080");
  assert.match(header, /#define ECOWATT_DEVICE_ID "ESP32_EcoWatt_Smart"/);
  assert.match(header, /\{\n {4}0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,\n/);
  assert.match(header, /#define HMAC_PSK "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"/);
});
