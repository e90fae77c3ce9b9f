import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { command, start, until } from "./process.ts";
import { gatewayUrl } from "./site.ts";

/** Files that the gateway may open: few, so that a test can use them up. */
const FILES = 128;

async function isHealthy(url: string, init: RequestInit = {}): Promise<boolean> {
  const response = await fetch(`${url}/health`, init);
  return (await response.json()).status === "healthy";
}

Deno.test("connections that nobody uses keep others out for a moment only", async () => {
  await using folder = await temporaryDirectory();
  const limited = ["sh", "-c", `ulimit -n ${FILES}; exec "$@"`, "sh", ...command()] as const;
  const args = ["gateway", "--port", "0", "--data-dir", join(folder.path, "data")];
  await using gateway = start(args, { program: limited });
  const url = await gatewayUrl(gateway);
  assert.ok(await isHealthy(url));
  const port = Number(new URL(url).port);
  const idle: Deno.TcpConn[] = [];
  try {
    await until("a connection that is not taken", async () => {
      try {
        for (let i = 0; i < FILES; i++) idle.push(await Deno.connect({ hostname: "127.0.0.1", port }));
      } catch {
        return true; // refused, or reset
      }
    });
    let patienceMs = 1_000; // a connection that is not taken is never answered; a slow machine is given more and more time
    const answers = () => isHealthy(url, { signal: AbortSignal.timeout(patienceMs *= 2) });
    assert.ok(await until("an answer", async () => await answers() || undefined));
  } finally {
    for (const connection of idle) connection.close();
  }
});

Deno.test("a listener that is gone is followed by another, though somebody whom it took stays", async () => {
  await using folder = await temporaryDirectory();
  const limited = ["sh", "-c", `ulimit -n ${FILES}; exec "$@"`, "sh", ...command()] as const;
  const args = ["gateway", "--port", "0", "--data-dir", join(folder.path, "data")];
  await using gateway = start(args, { program: limited });
  const url = await gatewayUrl(gateway);
  const port = Number(new URL(url).port);
  using faithful = await Deno.connect({ hostname: "127.0.0.1", port });
  const ask = async () => {
    await faithful.write(new TextEncoder().encode("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    return await faithful.read(new Uint8Array(4096)) !== null;
  };
  assert.ok(await ask());
  const idle: Deno.TcpConn[] = [];
  try {
    await until("a listener that is gone", async () => {
      try {
        for (let i = 0; i < FILES; i++) idle.push(await Deno.connect({ hostname: "127.0.0.1", port }));
      } catch (error) {
        return error instanceof Deno.errors.ConnectionRefused || undefined;
      }
    });
  } finally {
    for (const connection of idle) connection.close();
  }
  assert.ok(
    await until("another one", async () => {
      assert.ok(await ask(), "who was let in before is served on");
      return await isHealthy(url).catch(() => undefined) || undefined;
    }),
  );
});

Deno.test("who connects and says nothing is cut, and one address does not get all connections", async () => {
  await using folder = await temporaryDirectory();
  const limited = ["sh", "-c", `ulimit -n ${2 * FILES}; exec "$@"`, "sh", ...command()] as const;
  const args = ["gateway", "--port", "0", "--data-dir", join(folder.path, "data")];
  await using gateway = start(args, { program: limited });
  const url = await gatewayUrl(gateway);
  const port = Number(new URL(url).port);
  const silent: Deno.TcpConn[] = [];
  try {
    for (let i = 0; i < FILES; i++) silent.push(await Deno.connect({ hostname: "127.0.0.1", port }));
    await Promise.all(silent.map(async (connection) => await connection.read(new Uint8Array(1)).catch(() => null)));
  } finally {
    for (const connection of silent) connection.close();
  }
  assert.match(gateway.err(), /too many connections to port \d+: \d+ are cut, one of them from 127\.0\.0\.1/);
  assert.ok(await isHealthy(url));
});

Deno.test("a Host that is no host is answered with 400, and leaves no line in the log", async () => {
  await using folder = await temporaryDirectory();
  await using gateway = start(["gateway", "--port", "0", "--data-dir", join(folder.path, "data")]);
  const url = await gatewayUrl(gateway);
  const before = gateway.out() + gateway.err();
  for (const host of ["a b", "[", "%", "a<b>", ":x"]) {
    for (const path of ["/", "/process", "/api/v1/devices", "/health"]) {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
      await connection.write(new TextEncoder().encode(
        `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      ));
      const answer = new Uint8Array(64);
      await connection.read(answer);
      assert.match(new TextDecoder().decode(answer), /^HTTP\/1\.1 400 /, `${path} of ${host}`);
    }
  }
  assert.ok(await isHealthy(url));
  assert.equal(gateway.out() + gateway.err(), before);
});
