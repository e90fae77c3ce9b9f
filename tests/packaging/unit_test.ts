import assert from "node:assert/strict";
import { asset } from "../../cli/service/install/assets.ts";
import { UNIT_MARK, unitText } from "../../cli/service/install/layout.ts";

Deno.test("the unit begins with its mark, and names one prefix throughout", async () => {
  const text = unitText(await asset("ecowatt.service"), "/opt/x");
  assert.ok(text.startsWith(UNIT_MARK));
  assert.doesNotMatch(text, /@PREFIX@/);
  assert.match(
    text,
    /^ExecStart=\/opt\/x\/lib\/ecowatt\/boot-guard \/var\/lib\/ecowatt\/slots \/opt\/x\/bin\/ecowatt run /m,
  );
});

Deno.test("what V8, serial ports and updates need is not taken away", async () => {
  const text = await asset("ecowatt.service");
  for (
    const breaks of [/^MemoryDenyWriteExecute=(yes|true)/m, /^PrivateDevices=/m, /^NoExecPaths=/m, /^PrivateNetwork=/m]
  ) {
    assert.doesNotMatch(text, breaks);
  }
  for (
    const needed of [
      /^Type=notify$/m,
      /^WatchdogSec=30$/m,
      /^NotifyAccess=all$/m,
      /^RuntimeDirectoryPreserve=restart$/m,
    ]
  ) {
    assert.match(text, needed);
  }
});
