/** Uploads an image of so many bytes to a gateway in this process, has it served, and prints the most memory that it ever had. */
import { utf8 } from "../../../crypto/bytes.ts";
import { LiveMemory, mostResident } from "../../fakes/live_memory.ts";
import { startFirmware } from "./fixture.ts";

const PIECE_BYTES = 256 * 1024;
/** Collects garbage at every so many pieces: what is left is what is needed. */
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
const firmware = fixture.repository.find("test", "1.0.0");
for (let number = 0; firmware && number < firmware.total_chunks; number++) {
  await fixture.repository.chunk(firmware, number);
  if (number % EACH === 0) memory.look();
}
await Deno.stdout.write(utf8(`${mostResident()}\n`));
