import assert from "node:assert/strict";
import { utf8 } from "../../../crypto/bytes.ts";
import { processAnswer } from "../../../gateway/boards/answers.ts";
import { boardBody, Listener, rawFrame } from "./board.ts";

Deno.test("the answer to an upload has the contract's keys and sums up its power", () => {
  const frame = rawFrame([2400, 100, 40, 2390, 38, 480]);
  const packets = [{ frame, timestamp: 13_000 }, { frame: Uint8Array.of(0xff), timestamp: 23_000 }];
  const upload = new Listener().hear(boardBody(28_000, packets, 2), 0);
  assert.deepEqual(processAnswer("ESP32_EcoWatt_Smart", upload, true), {
    status: "success",
    device_id: "ESP32_EcoWatt_Smart",
    compression_system: "smart_selection",
    registers: ["REG_VAC1", "REG_IAC1", "REG_IPV1", "REG_PAC", "REG_IPV2", "REG_TEMP"],
    processed_entries: 2,
    total_samples_processed: 5,
    decompression_successes: 1,
    success_rate_percent: 50,
    total_power_watts: 11_950,
    average_power_watts: 2390,
    mqtt_topic: "esp32/ecowatt_data",
    mqtt_published: true,
    message: "1 stored, 1 not decodable, kept aside",
  });
});

Deno.test("the answer stays under a kilobyte whatever a board sends", () => {
  const frame = rawFrame([65_535, 65_535, 65_535, 65_535, 65_535, 65_535]);
  const packets = Array.from({ length: 8 }, (_, i) => ({ frame, timestamp: 4_000_000_000 + i }));
  const upload = new Listener().hear(boardBody(4_100_000_000, packets, 4_000_000_000), 0);
  assert.ok(utf8(JSON.stringify(processAnswer("x".repeat(64), upload, false))).length < 1000);
});
