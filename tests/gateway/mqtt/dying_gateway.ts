/** A gateway's MQTT side in a process of its own, to be killed: the broker's port is its argument. */
import { startFixture } from "./fixture.ts";

await startFixture({ broker: { url: `mqtt://127.0.0.1:${Deno.args[0]}` } });
