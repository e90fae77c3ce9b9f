/** Uploads an image of so many bytes to a gateway in this process, and prints the most memory that was in use. */
import { utf8 } from "../../../crypto/bytes.ts";
import { LiveMemory } from "../../fakes/live_memory.ts";
import { startFirmware } from "./fixture.ts";

const PIECE_BYTES = 256 * 1024;
/** Looks at the memory at every so many pieces. */
const EACH = 16;

const size = Number(Deno.args[0]);
const memory = new LiveMemory();
await using fixture = await startFirmware();
const { gateway } = fixture;
let sent = 0;
const image = new ReadableStream<Uint8Array>({
  pull(controller) {
    if (sent / PIECE_BYTES % EACH === 0) memory.look();
    controller.enqueue(new Uint8Array(PIECE_BYTES).fill(sent / PIECE_BYTES & 0xff));
    sent += PIECE_BYTES;
    if (sent >= size) controller.close();
  },
}, { highWaterMark: 0 });
const response = await fetch(`${gateway.url}/api/v1/firmware?model=test&version=1.0.0`, {
  method: "POST",
  headers: { "authorization": `Bearer ${gateway.token("admin")}`, "content-type": "application/octet-stream" },
  body: image,
});
const text = await response.text();
if (response.status !== 201) throw new Error(`${response.status}: ${text}`);
memory.look();
await Deno.stdout.write(utf8(`${memory.most}\n`));
