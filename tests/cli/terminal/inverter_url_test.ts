import assert from "node:assert/strict";
import { inverterUrl } from "../../../cli/terminal/inverter_url.ts";

Deno.test("an address says which line and which unit", () => {
  const table: readonly [string, Record<string, unknown>, Record<string, unknown>][] = [
    ["tcp://10.0.0.5:1502?unit=3", { tcp: { host: "10.0.0.5", port: 1502 } }, { unit: 3, profile: "ecowatt" }],
    ["tcp://[::1]?profile=sunspec", { tcp: { host: "::1", port: 502 } }, { profile: "sunspec" }],
    ["tcp://h?ignore_transaction_id=true&ignore_length=false", {
      tcp: { host: "h", port: 502, ignore_transaction_id: true, ignore_length: false },
    }, {}],
    ["rtu+tcp://server:4001?baud=9600", { rtu_over_tcp: { host: "server", port: 4001, baud: 9600 } }, {}],
    ["rtu:///dev/ttyUSB0?baud=19200&parity=even&stop_bits=2", {
      serial: { path: "/dev/ttyUSB0", baud: 19200, parity: "even", stop_bits: 2 },
    }, {}],
    ["http://127.0.0.1:8090", { http: { url: "http://127.0.0.1:8090", api_key: "test-key" } }, {}],
  ];
  for (const [text, line, inverter] of table) {
    const bus = inverterUrl(text, "test-key");
    assert.partialDeepStrictEqual(bus, line, text);
    assert.partialDeepStrictEqual(bus.inverters[0], inverter, text);
  }
});

Deno.test("an address that is none is refused with what is wrong and what would be right", () => {
  const table: readonly [string, RegExp][] = [
    ["10.0.0.5", /no address of an inverter: tcp:/],
    ["ftp://10.0.0.5", /"ftp:\/\/" is no way/],
    ["tcp://10.0.0.5:1502?unit=999", /unit: /],
    ["tcp://10.0.0.5?baud=9600", /baud/],
    ["rtu:///dev/ttyUSB0?baud=fast", /baud: /],
    ["rtu:///dev/ttyUSB0?unit=0", /must be 1 to 247/],
    ["rtu+tcp://host", /port: /],
    ["tcp://h?timeout=soon", /duration/],
    ["tcp://h?ignore_length=perhaps", /ignore_length: /],
  ];
  for (const [text, message] of table) {
    assert.throws(() => inverterUrl(text, undefined), { exitCode: 2, message }, text);
  }
});
