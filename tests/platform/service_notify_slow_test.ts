import assert from "node:assert/strict";
import { join } from "node:path";
import { message, serviceManager } from "../../platform/service_notify.ts";
import { socketAddress } from "../../platform/unix_datagram.ts";
import { NotifySocket } from "../fakes/notify_socket.ts";
import "../fakes/loaded_libraries.ts";

const FAMILY = { pid: 4711, ppid: 4710 };
const envOf = (variables: Record<string, string>) => (name: string) => variables[name];

const ADDRESSES: readonly (readonly [name: string, address: (folder: string) => string])[] = [
  ["a socket in a folder", (folder) => join(folder, "notify")],
  ["an abstract socket", () => `@ecowatt-test-${crypto.randomUUID()}`],
];
for (const [name, address] of ADDRESSES) {
  Deno.test(`news arrive at ${name}, one assignment a line`, async () => {
    const folder = Deno.makeTempDirSync();
    await using socket = new NotifySocket(address(folder));
    const manager = serviceManager(envOf({ NOTIFY_SOCKET: socket.address }), FAMILY);
    assert.ok(manager?.tell({ ready: true, status: "2 inverters ok\nand more" }));
    assert.ok(manager?.tell({ watchdog: true }));
    assert.ok(manager?.tell({ stopping: true, extendTimeoutMs: 1500 }));
    await socket.until("the last", (all) => all.count("STOPPING=1") === 1);
    assert.deepEqual(socket.heard(), [
      "READY=1\nSTATUS=2 inverters ok and more",
      "WATCHDOG=1",
      "STOPPING=1\nEXTEND_TIMEOUT_USEC=1500000",
    ]);
    Deno.removeSync(folder, { recursive: true });
  });
}

Deno.test("a socket that nobody has any more is told nothing, and nothing is thrown", () => {
  const manager = serviceManager(envOf({ NOTIFY_SOCKET: "/nonexistent/notify" }), FAMILY);
  assert.equal(manager?.tell({ ready: true }), false);
});

const WATCHDOGS: readonly (readonly [name: string, env: Record<string, string>, ms: number | undefined])[] = [
  ["none is asked for", {}, undefined],
  ["this process is meant", { WATCHDOG_USEC: "30000000", WATCHDOG_PID: "4711" }, 30_000],
  ["its boot guard is meant", { WATCHDOG_USEC: "30000000", WATCHDOG_PID: "4710" }, 30_000],
  ["nobody is named", { WATCHDOG_USEC: "500000" }, 500],
  ["another process is meant", { WATCHDOG_USEC: "30000000", WATCHDOG_PID: "1" }, undefined],
  ["it is no number", { WATCHDOG_USEC: "often" }, undefined],
  ["it is zero", { WATCHDOG_USEC: "0" }, undefined],
];
for (const [name, env, ms] of WATCHDOGS) {
  Deno.test(`the watchdog's time when ${name}`, () => {
    const manager = serviceManager(envOf({ NOTIFY_SOCKET: "@x", ...env }), FAMILY, () => ({ send: () => true }));
    assert.equal(manager?.watchdogMs, ms);
  });
}

Deno.test("without a socket, or with one of a kind that is not for us, there is no manager", () => {
  for (const address of [undefined, "", "@", "/", "vsock:2:1234", "relative"]) {
    assert.equal(serviceManager(envOf(address === undefined ? {} : { NOTIFY_SOCKET: address }), FAMILY), undefined);
  }
});

Deno.test("a path that fits into no socket address is refused", () => {
  assert.equal(socketAddress(`/${"x".repeat(107)}`), undefined);
  assert.equal(socketAddress(`/${"x".repeat(106)}`)?.length, 110);
  assert.equal(message({}), "");
});
