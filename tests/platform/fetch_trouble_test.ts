import assert from "node:assert/strict";
import { fetchTrouble } from "../../platform/fetch_trouble.ts";

Deno.test("why a gateway cannot be reached is told without its address and the system's numbers", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const error: unknown = await fetch(`http://127.0.0.1:${port}/path`).catch((error) => error);
  assert.equal(fetchTrouble(error), "Connection refused");
});

Deno.test("what is not known is told as it is", () => {
  assert.equal(
    fetchTrouble(new Error("invalid peer certificate: UnknownIssuer")),
    "invalid peer certificate: UnknownIssuer",
  );
  assert.equal(fetchTrouble("text"), "text");
});
