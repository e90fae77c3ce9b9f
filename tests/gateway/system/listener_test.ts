import assert from "node:assert/strict";
import { listenerLiveness } from "../../../gateway/system/listener.ts";

const hostname = "127.0.0.1";

Deno.test("a gateway that answers is alive, also when its answer is that it is not well", async () => {
  for (const status of [200, 503]) {
    const asked: string[] = [];
    const server = Deno.serve({ hostname, port: 0, onListen: () => {} }, ({ url }) => {
      asked.push(new URL(url).pathname);
      return new Response(null, { status });
    });
    assert.deepEqual(await listenerLiveness({ hostname, port: server.addr.port }), { alive: true });
    assert.deepEqual(asked, ["/health"]);
    await server.shutdown();
  }
});

Deno.test("one that nobody can connect to is not", async () => {
  const listener = Deno.listen({ hostname, port: 0 });
  const { port } = listener.addr;
  listener.close();
  const liveness = await listenerLiveness({ hostname, port });
  assert.match(liveness.alive ? "" : liveness.why, new RegExp(`^nobody can connect to 127\\.0\\.0\\.1:${port}: `));
});

Deno.test("nor is one that takes connections and answers none, cuts them, or is another program", async () => {
  const cases: readonly (readonly [(connection: Deno.TcpConn) => unknown, string])[] = [
    [() => {}, "nobody is answered at"],
    [(connection) => connection.close(), "connections to"],
    [(connection) => connection.write(new TextEncoder().encode("SSH-2.0-test\r\n")), "something else answers at"],
  ];
  for (const [behave, why] of cases) {
    const listener = Deno.listen({ hostname, port: 0 });
    const accepted = listener.accept().then(async (connection) => {
      await behave(connection);
      return connection;
    });
    const { port } = listener.addr;
    const liveness = await listenerLiveness({ hostname, port }, why.startsWith("nobody") ? 50 : undefined);
    assert.ok(!liveness.alive && liveness.why.startsWith(`${why} 127.0.0.1:${port}`), JSON.stringify(liveness));
    listener.close();
    try {
      (await accepted).close();
    } catch { /* was closed */ }
  }
});
