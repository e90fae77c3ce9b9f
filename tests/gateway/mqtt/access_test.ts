import assert from "node:assert/strict";
import { createAuthenticator, mayPublish } from "../../../gateway/mqtt/access.ts";

const NOBODY = { username: undefined, password: undefined };
const USER = { username: "hass", password: "test-operator-password", role: "operator" } as const;
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("without users only this machine gets in, whatever name it gives, and only to read", () => {
  const authenticate = createAuthenticator([]);
  for (const address of ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"]) {
    assert.deepEqual(authenticate({ ...NOBODY, address }), { name: "anonymous", role: "viewer" }, address);
  }
  for (const address of ["192.0.2.7", "10.0.0.2", "::ffff:192.0.2.7", "2001:db8::1", "", "127.0.0.1.example"]) {
    assert.equal(authenticate({ ...NOBODY, address }), undefined, address);
    assert.equal(authenticate({ username: "hass", password: bytes("x"), address }), undefined, address);
  }
});

Deno.test("with users everyone is one of them, on this machine too", () => {
  const authenticate = createAuthenticator([USER]);
  const address = "127.0.0.1";
  assert.equal(authenticate({ ...NOBODY, address }), undefined);
  assert.equal(authenticate({ username: "hass", password: bytes("wrong"), address }), undefined);
  assert.deepEqual(authenticate({ username: "hass", password: bytes(USER.password), address: "192.0.2.7" }), {
    name: "hass",
    role: "operator",
  });
});

Deno.test("an operator publishes what is listened to, and that Home Assistant is there; a viewer nothing", () => {
  const listened = ["ecowatt/+/settings/set", "ecowatt/+/+/power_limit/set"];
  const cases = [
    ["ecowatt/roof/settings/set", true],
    ["ecowatt/roof/east/power_limit/set", true],
    ["homeassistant/status", true],
    ["ecowatt/roof/firmware/install", false], // not switched on
    ["ecowatt/roof/east/state", false],
    ["ecowatt/roof/east/power_limit", false],
    ["ecowatt/gateway/status", false],
    ["homeassistant/device/ecowatt_roof/config", false],
    ["ecowatt/roof/a/b/power_limit/set", false],
  ] as const;
  for (const [topic, allowed] of cases) {
    assert.equal(mayPublish({ name: "hass", role: "operator" }, topic, listened), allowed, topic);
    assert.equal(mayPublish({ name: "wall", role: "viewer" }, topic, listened), false, topic);
  }
});
