import assert from "node:assert/strict";
import { handover } from "../../../cli/client/handover.ts";
import { ConfigFile } from "../../../cli/service/config/config_file.ts";
import { parseYaml } from "../../../cli/service/config/yaml_file.ts";
import { program, testWith } from "../../needs.ts";

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

const board = { device_id: "shed", auth: "legacy", wire_id: "ESP32_EcoWatt_Smart" } as const;

Deno.test("what is handed to a board is its credentials.h, and the lines of main.cpp that have the address", () => {
  const header = handover(board, secret, "http://10.0.0.2:8080");
  assert.match(header, /HMAC_PSK\[32\] = \{\n {4}0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,\n/);
  assert.match(header, /000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f/);
  assert.match(header, /calls itself, in its sources: ESP32_EcoWatt_Smart/);
  for (const path of ["/process", "/changes", "", "/config/report", "/command/get", "/command/report"]) {
    assert.ok(header.includes(`"http://10.0.0.2:8080${path}"`), path);
  }
});

testWith(
  [program("g++")],
  "the header compiles where the boards' sources include it, with the key as 32 bytes",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/credentials.h`, handover(board, secret, "http://10.0.0.2:8080"));
      // As security.cpp and arduino_wifi.cpp of the firmware use it.
      const source = `#include "credentials.h"
#include "credentials.h"
static_assert(sizeof(HMAC_PSK) == 32, "a key has 32 bytes");
int setKey(const unsigned char *key, unsigned length) { return length == 32 && key[31] == 0x1f ? 0 : 1; }
int main() { const char *texts[] = {WIFI_SSID, WIFI_PASSWORD, FLASK_SERVER_URL};
  return texts[0] && texts[1] && texts[2] ? setKey(HMAC_PSK, sizeof(HMAC_PSK)) : 1; }`;
      await Deno.writeTextFile(`${folder}/main.cpp`, source);
      const compiler = new Deno.Command("g++", { args: ["-Wall", "-Werror", "-o", "main", "main.cpp"], cwd: folder });
      const { success, stderr } = await compiler.output();
      assert.ok(success, new TextDecoder().decode(stderr));
      assert.ok((await new Deno.Command(`${folder}/main`).output()).success, "the key");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
