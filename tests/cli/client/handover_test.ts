import assert from "node:assert/strict";
import { handover } from "../../../cli/client/handover.ts";
import { ConfigFile } from "../../../cli/service/config/config_file.ts";
import { parseYaml } from "../../../cli/service/config/yaml_file.ts";
import { board, secret } from "./handed.ts";

Deno.test("what is handed to a node is a configuration that works as it stands", () => {
  const device = { device_id: "1e5", auth: "signed", wire_id: null } as const;
  const parsed = parseYaml(handover(device, secret, "http://gateway:8080"), ConfigFile, () => undefined);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  assert.partialDeepStrictEqual(parsed.value.node, {
    device_id: "1e5",
    gateway: "http://gateway:8080",
    key: secret.key,
    key_number: 2,
  });
});

Deno.test("what is handed to a board is its credentials.h, and the lines of main.cpp that have the address", () => {
  const header = handover(board, secret, "http://10.0.0.2:8080");
  assert.match(header, /HMAC_PSK\[32\] = \{\n {4}0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,\n/);
  assert.match(header, /000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f/);
  assert.match(header, /calls itself, in its sources: ESP32_EcoWatt_Smart/);
  for (const path of ["/process", "/changes", "", "/config/report", "/command/get", "/command/report"]) {
    assert.ok(header.includes(`"http://10.0.0.2:8080${path}"`), path);
  }
});
