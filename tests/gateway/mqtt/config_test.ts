import assert from "node:assert/strict";
import { isLoopback, MqttConfig } from "../../../gateway/mqtt_config.ts";

Deno.test("MQTT is off unless a broker is named, and a broker needs little", () => {
  assert.deepEqual(MqttConfig.parse({}), {
    queue_messages: 1000,
    offline_after_s: 2700,
    home_assistant: { enabled: false, prefix: "homeassistant", power_limit: true, install: false },
  });
  assert.equal(MqttConfig.parse({ broker: { url: "mqtts://broker.example" } }).broker?.url, "mqtts://broker.example");
  assert.deepEqual(MqttConfig.parse({ embedded: {} }).embedded, {
    host: "127.0.0.1",
    port: 1883,
    users: [],
    max_clients: 100,
  });
});

const user = { username: "a", password: "test" };
const refused: readonly (readonly [string, unknown, RegExp])[] = [
  ["both", { broker: { url: "mqtt://a" }, embedded: {} }, /not both/],
  ["HTTP", { broker: { url: "http://a" } }, /must be like mqtt/],
  ["no URL", { broker: { url: "a:1883" } }, /must be like mqtt/],
  ["credentials in the URL", { broker: { url: "mqtt://a:test@b" } }, /must not hold credentials/],
  ["a path", { broker: { url: "mqtt://b/x" } }, /must end after the port/],
  ["two passwords", { broker: { url: "mqtt://b", username: "a", password: "x", password_file: "y" } }, /not both/],
  ["a password of nobody", { broker: { url: "mqtt://b", password: "x" } }, /is needed with a password/],
  ["an authority without TLS", { broker: { url: "mqtt://b", ca_file: "x" } }, /with mqtts/],
  ["everyone from everywhere", { embedded: { host: "0.0.0.0" } }, /are needed to listen on 0\.0\.0\.0/],
  ["everyone from everywhere, IPv6", { embedded: { host: "::" } }, /are needed to listen on ::/],
  ["everyone from the network", { embedded: { host: "192.0.2.1" } }, /are needed/],
  ["a user without a password", { embedded: { users: [{ username: "a" }] } }, /one of them/],
  ["a name twice", { embedded: { users: [user, user] } }, /two of the same name/],
  ["a prefix that is no topic", { home_assistant: { prefix: "home/+" } }, /must be a topic/],
  ["a link that is none", { home_assistant: { dashboard_url: "javascript:alert(1)" } }, /Invalid URL/],
  ["a key nobody knows", { brokre: {} }, /brokre/],
];

for (const [name, config, reason] of refused) {
  Deno.test(`a configuration with ${name} is refused`, () => {
    const { success, error } = MqttConfig.safeParse(config);
    assert.equal(success, false);
    assert.match(error?.message ?? "", reason);
  });
}

Deno.test("this machine's own addresses are told from others", () => {
  for (const own of ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", "localhost"]) assert.ok(isLoopback(own), own);
  for (const other of ["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example", "::ffff:10.0.0.1", ""]) {
    assert.ok(!isLoopback(other), other);
  }
});
