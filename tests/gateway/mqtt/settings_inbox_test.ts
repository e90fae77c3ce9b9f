import assert from "node:assert/strict";
import { utf8 } from "../../../crypto/bytes.ts";
import { Fault } from "../../../gateway/fault.ts";
import { createSettingsInbox } from "../../../gateway/mqtt/settings_inbox.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { openGatewayStore, register } from "../../fakes/gateway_store.ts";
import { until } from "../../fakes/until.ts";

const BOARD = "esp32/ecowatt_settings";
const change = { Changed: true, pollFreqChanged: true, newPollTimer: 9 };

/** An inbox over a registry with a node and two boards that share their name, and what it did. */
async function withInbox(
  body: (io: {
    receive(topic: string, payload: unknown, options?: { retained?: boolean }): Promise<void>;
    readonly asked: [string, unknown][];
    readonly warned: string[];
  }) => Promise<void>,
): Promise<void> {
  using store = openGatewayStore();
  const add = (name: string, auth: "signed" | "legacy") =>
    register(store.devices, {
      deviceId: DeviceId.parse(name),
      model: "test",
      auth,
      ...(auth === "legacy" ? { wireId: "ESP32_EcoWatt_Smart" } : {}),
    });
  await add("roof", "signed");
  await add("board-1", "legacy");
  await add("board-2", "legacy");
  const asked: [string, unknown][] = [];
  const warned: string[] = [];
  let waiting = 0;
  const inbox = createSettingsInbox({
    devices: store.devices,
    warn: (kind, fields) => void warned.push(kind.replaceAll(/\{(\w+)\}/g, (_, name) => String(fields[name]))),
    settings: {
      change(device, { patch }) {
        if (device === "board-2") return Promise.reject(new Fault("refused", "test: cannot have that"));
        asked.push([device, patch]);
        return Promise.resolve();
      },
    },
  });
  await body({
    asked,
    warned,
    async receive(topic, payload, { retained = false } = {}) {
      const bytes = payload instanceof Uint8Array ? payload : utf8(JSON.stringify(payload));
      inbox({ topic, payload: bytes, retained, who: "test" });
      const turn = ++waiting;
      inbox({
        topic: "ecowatt/roof/settings/set",
        payload: utf8(`{"poll_interval_s":${turn + 1000}}`),
        retained,
        who: "x",
      });
      if (retained) return;
      const marker = (entry: [string, unknown]) => JSON.stringify(entry[1]) === `{"poll_interval_s":${turn + 1000}}`;
      await until(() => asked.some(marker), "the inbox");
      asked.splice(asked.findIndex(marker), 1);
    },
  });
}

Deno.test("without a device a message is for every board, and what one of them cannot have does not keep the other from it", async () => {
  await withInbox(async ({ receive, asked, warned }) => {
    await receive(BOARD, change);
    assert.deepEqual(asked, [["board-1", { poll_interval_s: 9 }]]);
    assert.deepEqual(warned, [`mqtt settings not set board-2 ${BOARD}: test: cannot have that`]);
  });
});

Deno.test("a message names a device, or the boards that call themselves so", async () => {
  await withInbox(async ({ receive, asked }) => {
    await receive(BOARD, { ...change, device_id: "roof" });
    await receive(BOARD, { ...change, device_id: "ESP32_EcoWatt_Smart" });
    await receive("ecowatt/board-1/settings/set", { upload_interval_s: 60 });
    assert.deepEqual(asked, [
      ["roof", { poll_interval_s: 9 }],
      ["board-1", { poll_interval_s: 9 }],
      ["board-1", { upload_interval_s: 60 }],
    ]);
  });
});

Deno.test("timers that come with registers are taken, and it is told why the registers are not", async () => {
  // As the dashboard that the boards came with sends it.
  const original = {
    Changed: true,
    pollFreqChanged: true,
    newPollTimer: 6,
    uploadFreqChanged: false,
    newUploadTimer: 15,
    regsChanged: true,
    regs: 515,
    regsCount: 3,
  };
  const told = (reason: string) => `mqtt registers not set board-1 ${BOARD}: ${reason}`;
  const cases = [
    [original, "regs: a bit mask names no registers; a list of names does"],
    [
      { ...original, regs: ["Pac", "Vac1", "Temp"] },
      "this board always sends Vac1, Iac1, Ipv1, Pac, Ipv2, Temp: it takes no other list",
    ],
    [{ ...original, regs: ["Pac"] }, "regs: 1 names, regsCount says 3"],
  ] as const;
  for (const [message, reason] of cases) {
    await withInbox(async ({ receive, asked, warned }) => {
      await receive(BOARD, message);
      assert.deepEqual(asked, [["board-1", { poll_interval_s: 6 }]]);
      assert.ok(warned.includes(told(reason)), warned.join("\n"));
    });
  }
  await withInbox(async ({ receive, asked }) => {
    await receive(BOARD, { ...original, device_id: "roof", regs: ["Pac", "Vac1", "Temp"] });
    assert.deepEqual(asked, [["roof", { poll_interval_s: 6, registers: ["Pac", "Vac1", "Temp"] }]]);
  });
});

const deep = utf8("[".repeat(200));
const bad: readonly (readonly [string, string, unknown])[] = [
  ["no JSON", BOARD, utf8("{")],
  ["no UTF-8", BOARD, new Uint8Array([0xff, 0xfe])],
  ["nothing", BOARD, new Uint8Array(0)],
  ["too deep", BOARD, deep],
  ["too long", BOARD, utf8(" ".repeat(20_000))],
  ["a list", BOARD, [change]],
  ["a text", BOARD, "Changed"],
  ["null", BOARD, null],
  ["a flag that is a number", BOARD, { ...change, pollFreqChanged: 1 }],
  ["a timer that is a text", BOARD, { ...change, newPollTimer: "9" }],
  ["a flag without its timer", BOARD, { Changed: true, pollFreqChanged: true }],
  ["a device nobody registered", BOARD, { ...change, device_id: "stranger" }],
  ["a device that cannot be one", BOARD, { ...change, device_id: "../../etc" }],
  ["__proto__", BOARD, utf8('{"__proto__":{"Changed":true},"device_id":7}')],
  ["a key nobody knows", "ecowatt/roof/settings/set", { poll: 3 }],
  ["a device nobody registered, in the topic", "ecowatt/stranger/settings/set", { poll_interval_s: 3 }],
];

Deno.test("a bad message is told and dropped, and the next one is taken", async (t) => {
  for (const [name, topic, payload] of bad) {
    await t.step(name, () =>
      withInbox(async ({ receive, asked, warned }) => {
        await receive(topic, payload);
        assert.deepEqual(asked, []);
        assert.equal(warned.length, 1, warned.join());
        assert.match(warned[0] ?? "", /^mqtt settings refused /);
      }));
  }
});

Deno.test("a message that asks for nothing, and one that the broker kept, change nothing", async () => {
  await withInbox(async ({ receive, asked, warned }) => {
    await receive(BOARD, { Changed: false, pollFreqChanged: true, newPollTimer: 9 });
    await receive(BOARD, change, { retained: true });
    assert.deepEqual(asked, []);
    assert.deepEqual(warned, [
      `mqtt settings ignored ${BOARD}: kept by the broker`,
      "mqtt settings ignored ecowatt/roof/settings/set: kept by the broker",
    ]);
  });
});

Deno.test("a flood is bounded and told", () => {
  using store = openGatewayStore();
  const warned: string[] = [];
  const settings = { change: () => new Promise<void>(() => {}) };
  const inbox = createSettingsInbox({ devices: store.devices, settings, warn: (kind) => void warned.push(kind) });
  for (let i = 0; i < 150; i++) {
    inbox({ topic: BOARD, payload: utf8("{}"), retained: false, who: "test" });
  }
  assert.equal(warned.length, 50);
  assert.match(warned[0] ?? "", /too many wait/);
});
