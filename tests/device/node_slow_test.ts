import assert from "node:assert/strict";
import { systemClock } from "../../platform/clock.ts";
import { configOf, start } from "./running_node.ts";

Deno.test("a data directory that another node has is refused in one line", async () => {
  const dataDir = Deno.makeTempDirSync();
  const module = new URL("../../device/store/database.ts", import.meta.url).href;
  const other = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { openNodeDatabase } from ${JSON.stringify(module)};
       openNodeDatabase(${JSON.stringify(`${dataDir}/node.sqlite`)}); console.log("open"); setTimeout(() => {}, 60000)`,
    ],
    stdout: "piped",
  }).spawn();
  const reader = other.stdout.getReader();
  await reader.read();
  await assert.rejects(
    start(configOf({ roof: 1 }, "http://127.0.0.1:1"), dataDir, systemClock),
    /another node is running/,
  );
  other.kill("SIGKILL");
  await reader.cancel();
  await other.status;
  Deno.removeSync(dataDir, { recursive: true });
});
