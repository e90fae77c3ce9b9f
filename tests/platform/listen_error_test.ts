import assert from "node:assert/strict";
import { createServer } from "node:net";
import { listenError } from "../../platform/listen_error.ts";

Deno.test("a port that another program has is named, by Deno's listeners and by Node's", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const what = `Cannot listen on 127.0.0.1:${port}`;
  const denos = (() => {
    try {
      return Deno.listen({ hostname: "127.0.0.1", port });
    } catch (error) {
      return error;
    }
  })();
  const nodes = await new Promise((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resolve("it listens")));
  });
  assert.equal(listenError(denos, what).message, `${what}: another program uses that port`);
  assert.equal(
    listenError(nodes, what, "gateway.port").message,
    `${what}: another program uses that port (gateway.port)`,
  );
});

Deno.test("other reasons for a port that cannot be had are told, and anything else as it is", () => {
  const why = (error: unknown) => listenError(error, "Cannot listen").message;
  assert.equal(why(new Deno.errors.PermissionDenied("os error 13")), "Cannot listen: this user may not use that port");
  assert.equal(why(new Deno.errors.AddrNotAvailable("99")), "Cannot listen: this machine has no such address");
  assert.equal(
    why(Object.assign(new Error("bind"), { code: "EACCES" })),
    "Cannot listen: this user may not use that port",
  );
  assert.equal(why(new Error("Invalid hostname")), "Cannot listen: Invalid hostname");
  assert.equal(listenError(new Error("no"), "Cannot listen", "gateway.port").message, "Cannot listen: no");
});
