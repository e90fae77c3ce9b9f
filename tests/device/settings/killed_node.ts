// A node that is there to be killed. Argument: what `Site` starts nodes with, as JSON. Its standard output says when it runs.
import { getLogger } from "@logtape/logtape";
import { NodeConfig } from "../../../device/config/node_config.ts";
import { startNode } from "../../../device/node.ts";
import { systemClock as clock } from "../../../platform/clock.ts";
import { systemRandom as random } from "../../../platform/random.ts";

const { dataDir, ...config } = JSON.parse(Deno.args[0] ?? "{}");
await startNode(NodeConfig.parse(config), { dataDir, clock, random, fetch, log: getLogger(["test"]) });
Deno.stdout.writeSync(new TextEncoder().encode("started\n"));
await new Promise(() => setInterval(() => {}, 60_000));
