import assert from "node:assert/strict";
import { hostsOf } from "../../../device/scan/network.ts";

for (
  const [text, count, first, last] of [
    ["192.168.1.0/24", 254, "192.168.1.1", "192.168.1.254"],
    ["192.168.1.77/24", 254, "192.168.1.1", "192.168.1.254"],
    ["10.0.0.0/20", 4094, "10.0.0.1", "10.0.15.254"],
    ["10.0.0.4/31", 2, "10.0.0.4", "10.0.0.5"],
    ["10.0.0.4/32", 1, "10.0.0.4", "10.0.0.4"],
    ["192.168.1.20-60", 41, "192.168.1.20", "192.168.1.60"],
    ["192.168.1.250-192.168.2.5", 12, "192.168.1.250", "192.168.2.5"],
    ["inverter.local", 1, "inverter.local", "inverter.local"],
    ["127.0.0.1", 1, "127.0.0.1", "127.0.0.1"],
  ] as const
) {
  Deno.test(`${text} has ${count} addresses`, () => {
    const hosts = hostsOf(text);
    assert.ok(hosts.ok);
    assert.deepEqual([hosts.value.length, hosts.value[0], hosts.value.at(-1)], [count, first, last]);
  });
}

for (
  const [text, reason] of [
    ["10.0.0.0/19", /8190 addresses are too many: at most 4096 \(a \/20\)/],
    ["0.0.0.0/0", /too many/],
    ["10.0.0.0-10.255.0.0", /too many/],
    ["10.0.0.0/33", /no IPv4 network/],
    ["10.0.0.9-3", /ends before it begins/],
    ["300.1.1.1", /no IPv4 address/],
    ["1.2.3.4; rm", /no address/],
  ] as const
) {
  Deno.test(`${text} is refused with the reason`, () => {
    const hosts = hostsOf(text);
    assert.ok(!hosts.ok);
    assert.match(hosts.detail, reason);
  });
}
