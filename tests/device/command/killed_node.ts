// A node that is there to be killed. Arguments: data directory, configuration as JSON.
import { getLogger } from "@logtape/logtape";
import { NodeConfig } from "../../../device/config/node_config.ts";
import { startNode } from "../../../device/node.ts";
import { systemClock as clock } from "../../../platform/clock.ts";
import { systemRandom as random } from "../../../platform/random.ts";

const [dataDir = "", config = ""] = Deno.args;
await startNode(NodeConfig.parse(JSON.parse(config)), { dataDir, clock, random, fetch, log: getLogger(["test"]) });
