import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { systemClock } from "../../platform/clock.ts";
import { beyondBounds, connectionBounds } from "../../platform/connection_bounds.ts";
import { startHttpServer } from "../../platform/http_server.ts";

type Connection = Parameters<typeof beyondBounds>[0][number];

const BOUNDS = { headerMs: 10_000, idleMs: 120_000, perPeer: 3, inAll: 5 };

function connection(peerPort: number, change: Partial<Connection> = {}): Connection {
  return { file: peerPort, peer: "10.0.0.1", peerPort, quietMs: 0, wasAnswered: true, ...change };
}

const ports = (connections: readonly Connection[]) => connections.map(({ peerPort }) => peerPort);

const LATE: readonly (readonly [what: string, change: Partial<Connection>, isLate: boolean])[] = [
  ["that was made just now", { wasAnswered: false }, false],
  ["that has yet to ask, in time", { wasAnswered: false, quietMs: 10_000 }, false],
  ["that does not ask", { wasAnswered: false, quietMs: 10_001 }, true],
  ["that had its answer", { quietMs: 120_000 }, false],
  ["that asks nothing more", { quietMs: 120_001 }, true],
  ["that waits for its first answer", { peerPort: 7, wasAnswered: false, quietMs: 1e9 }, false],
  ["that waits for another answer", { peerPort: 7, quietMs: 1e9 }, false],
];
for (const [what, change, isLate] of LATE) {
  Deno.test(`a connection ${what} ${isLate ? "is cut" : "stays"}`, () => {
    const one = connection(1, change);
    const found = beyondBounds([one], BOUNDS, (port) => port === 7);
    assert.deepEqual([found.late, found.surplus], [isLate ? [one] : [], []]);
  });
}

Deno.test("of too many connections the least useful are cut, of each address and in all", () => {
  const isBusy = (port: number) => port === 4;
  const ofOne = [1, 2, 3, 4, 5].map((port) => connection(port, { quietMs: port, wasAnswered: port !== 1 }));
  assert.deepEqual(ports(beyondBounds(ofOne, BOUNDS, isBusy).surplus), [5, 1]);
  const ofMany = [1, 2, 3, 4, 5, 6].map((port) => connection(port, { peer: `10.0.0.${port}`, quietMs: 10 - port }));
  assert.deepEqual(ports(beyondBounds(ofMany, BOUNDS, isBusy).surplus), [1]);
});

Deno.test("an address has half of the connections, and all together three quarters of the files", () => {
  const { perPeer, inAll, headerMs, idleMs } = connectionBounds(16_384);
  assert.deepEqual({ perPeer, inAll, headerMs, idleMs }, {
    perPeer: 6_144,
    inAll: 12_288,
    headerMs: 10_000,
    idleMs: 120_000,
  });
});

/** A server on a port of its own that answers `/wait` when it is told to. Its bounds can be set while it runs. */
function server() {
  const bounds = { headerMs: 1e9, idleMs: 1e9, perPeer: 1_000, inAll: 1_000, lookMs: 1 };
  const waited = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const http = startHttpServer({
    hostname: "127.0.0.1",
    port: 0,
    purpose: "listen",
    refuse: () => new Response(null, { status: 400 }),
    async answer({ url }) {
      if (new URL(url).pathname !== "/wait") return new Response("here\n");
      asked.resolve();
      await waited.promise;
      return new Response("waited\n");
    },
    clock: systemClock,
    log: getLogger(["test"]),
    bounds,
  });
  return { http, bounds, asked: asked.promise, answerNow: waited.resolve };
}

const connect = (port: number) => Deno.connect({ hostname: "127.0.0.1", port });

function ask(connection: Deno.TcpConn, path: string): Promise<number> {
  return connection.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`));
}

/** What comes; "" at the end of the connection. */
async function heard(connection: Deno.TcpConn): Promise<string> {
  const bytes = new Uint8Array(1_000);
  const length = await connection.read(bytes).catch(() => null);
  return new TextDecoder().decode(bytes.subarray(0, length ?? 0));
}

Deno.test("who connects and does not ask, or only begins to, is cut; who waits for an answer gets it", async () => {
  const { http, bounds, asked, answerNow } = server();
  await using _ = http;
  using patient = await connect(http.port);
  await ask(patient, "/wait");
  await asked;
  bounds.headerMs = 20;
  using silent = await connect(http.port);
  using slow = await connect(http.port);
  await slow.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: "));
  assert.deepEqual([await heard(silent), await heard(slow)], ["", ""]);
  answerNow();
  assert.match(await heard(patient), /waited\n$/);
});

Deno.test("who asked and asks nothing more is cut", async () => {
  const { http, bounds } = server();
  await using _ = http;
  using idle = await connect(http.port);
  await ask(idle, "/");
  assert.match(await heard(idle), /here\n$/);
  bounds.idleMs = 20;
  assert.equal(await heard(idle), "");
});

Deno.test("who has too many connections loses what is too much, and no other", async () => {
  const { http, bounds, asked, answerNow } = server();
  await using _ = http;
  using patient = await connect(http.port);
  await ask(patient, "/wait");
  await asked;
  bounds.perPeer = 2;
  const idle = await Promise.all(Array.from({ length: 9 }, () => connect(http.port)));
  const ends = idle.map(heard);
  for (let cut = 0; cut < 8; cut++) {
    const index = await Promise.any(ends.map((end, index) => end.then(() => index)));
    ends[index] = new Promise(() => {});
  }
  answerNow();
  assert.match(await heard(patient), /waited\n$/);
  for (const one of idle) one.close();
});
