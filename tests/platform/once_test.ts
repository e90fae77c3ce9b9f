import assert from "node:assert/strict";
import { once } from "../../platform/once.ts";

Deno.test("what is made once is made when it is asked for, and not again, whatever it is", () => {
  let made = 0;
  const nothing = once(() => {
    made++;
    return undefined;
  });
  assert.equal(made, 0);
  assert.deepEqual([nothing(), nothing(), made], [undefined, undefined, 1]);
});
