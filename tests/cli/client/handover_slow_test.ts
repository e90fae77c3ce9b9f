import assert from "node:assert/strict";
import { handover } from "../../../cli/client/handover.ts";
import { program, testWith } from "../../needs.ts";
import { board, secret } from "./handed.ts";

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
