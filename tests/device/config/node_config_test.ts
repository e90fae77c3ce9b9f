import assert from "node:assert/strict";
import { z } from "zod";
import { NodeConfig } from "../../../device/config/node_config.ts";

const minimal = {
  device_id: "node-1",
  gateway: "http://127.0.0.1:8080",
  buses: [{ tcp: { host: "127.0.0.1" }, inverters: [{}] }],
};

/** The minimal configuration with something else in it. */
function changed(change: (config: Record<string, unknown>) => void): unknown {
  const config: Record<string, unknown> = structuredClone(minimal);
  change(config);
  return config;
}

function bus(change: object): unknown {
  return changed((config) => config["buses"] = [{ ...minimal.buses[0], ...change }]);
}

Deno.test("the least a node needs is its name, its gateway and an inverter; the rest has defaults", () => {
  const config = NodeConfig.parse(minimal);
  assert.equal(config.poll_interval, 2000);
  assert.equal(config.upload_interval, 30_000);
  assert.equal(config.outbox_limit, 256 * 1024 * 1024);
  assert.equal(config.key_number, 1);
  const [first] = config.buses;
  assert.equal(first?.tcp?.port, 502);
  assert.deepEqual([first?.timing.timeout, first?.timing.retries], [1000, 1]);
  assert.deepEqual([first?.inverters[0]?.name, first?.inverters[0]?.profile], ["inverter", "ecowatt"]);
});

Deno.test("durations and sizes are read as people write them", () => {
  const durations: [unknown, number][] = [["500ms", 500], ["2s", 2000], [" 1.5 s", 1500], ["5m", 300_000], [
    "1h",
    3_600_000,
  ], [
    0.1,
    100,
  ], ["3", 3000]];
  for (const [written, ms] of durations) {
    const config = { ...minimal, poll_interval: written, upload_interval: "2h" };
    assert.equal(NodeConfig.parse(config).poll_interval, ms, String(written));
  }
  const sizes: [unknown, number][] = [["256MiB", 2 ** 28], ["10 MB", 1e7], [2_000_000, 2_000_000], [
    "1.5GiB",
    1.5 * 2 ** 30,
  ]];
  for (const [written, bytes] of sizes) {
    assert.equal(NodeConfig.parse({ ...minimal, outbox_limit: written }).outbox_limit, bytes, String(written));
  }
});

Deno.test("each fault is named at its place", () => {
  const set = (key: string, value: unknown) => changed((config) => config[key] = value);
  const table: [string, unknown, string, RegExp][] = [
    ["a bad device id", set("device_id", "a b"), "device_id", /1 to 64/],
    ["a gateway without scheme", set("gateway", "gateway:8080"), "gateway", /address such as/],
    ["a gateway with a password", set("gateway", "https://me:secret@gateway"), "gateway", /without a user/],
    ["a gateway with a query", set("gateway", "https://gateway/?site=1"), "gateway", /a query/],
    ["a short key", set("key", "abcd"), "key", /64 hex digits/],
    ["an unknown key", set("colour", "red"), "", /colour/],
    ["a duration that is none", set("poll_interval", "soon"), "poll_interval", /such as 2s/],
    ["too fast a poll", set("poll_interval", "50ms"), "poll_interval", /0.1s to 3600s/],
    ["too slow a poll", set("poll_interval", 3601), "poll_interval", /0.1s to 3600s/],
    ["an upload before the poll", set("upload_interval", "1s"), "upload_interval", /below poll_interval/],
    ["too small an outbox", set("outbox_limit", "10kB"), "outbox_limit", /1MiB/],
    ["no bus", set("buses", []), "buses", /./],
    ["a bus without a line", bus({ tcp: undefined }), "buses.0", /exactly one of .* it has none/],
    ["a bus with two lines", bus({ serial: { path: "/dev/ttyUSB0" } }), "buses.0", /it has serial and tcp/],
    ["a bus without inverters", bus({ inverters: [] }), "buses.0.inverters", /./],
    ["two inverters of one name", bus({ inverters: [{}, {}] }), "buses.0.inverters.1.name", /"inverter" is taken/],
    [
      "an unknown register",
      bus({ inverters: [{ registers: ["Vac1", "Vac9"] }] }),
      "buses.0.inverters.0.registers.1",
      /no register "Vac9".*Vac1, Iac1/,
    ],
    [
      "unit 0 on a serial line",
      bus({ tcp: undefined, serial: { path: "/dev/x" }, inverters: [{ unit: 0 }] }),
      "buses.0.inverters.0.unit",
      /1 to 247/,
    ],
    ["a port that is none", bus({ tcp: { host: "a", port: 70_000 } }), "buses.0.tcp.port", /./],
  ];
  for (const [name, config, path, message] of table) {
    const parsed = NodeConfig.safeParse(config);
    assert.equal(parsed.success, false, name);
    const issues = parsed.error?.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message })) ?? [];
    const found = issues.find((issue) => issue.path === path && message.test(issue.message));
    assert.ok(found, `${name}: ${JSON.stringify(issues)}`);
  }
});

Deno.test("synonyms of registers and several buses are accepted", () => {
  const config = NodeConfig.parse({
    ...minimal,
    buses: [
      {
        name: "a",
        serial: { path: "/dev/ttyUSB0", rs485: {} },
        inverters: [{ name: "roof", registers: ["REG_PAC", "Vac1"] }],
      },
      {
        name: "b",
        rtu_over_tcp: { host: "10.0.0.7", port: 4196 },
        inverters: [{ name: "barn", profile: "sunspec", registers: ["103.W"] }],
      },
      {
        name: "c",
        http: { url: "http://10.0.0.8", api_key: "test" },
        inverters: [{ name: "shed", poll_interval: "10s" }],
      },
    ],
  });
  assert.equal(config.buses[2]?.inverters[0]?.poll_interval, 10_000);
});

Deno.test("the schema can be exported, with a description of every setting of the node", () => {
  const schema = z.toJSONSchema(NodeConfig, { io: "input" });
  for (const [name, setting] of Object.entries(schema.properties ?? {})) {
    if (name !== "buses") assert.ok(typeof setting === "object" && setting.description, name);
  }
  assert.deepEqual(schema.required, ["device_id", "gateway", "buses"]);
});
