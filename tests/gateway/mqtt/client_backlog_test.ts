import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { holdBacklog } from "../../../gateway/mqtt/client_backlog.ts";
import { FakeClock } from "../../fakes/clock.ts";

/** A socket whose other end takes nothing until `read()`. It is full from the first 16 KiB on, as those of the system are. */
function deafSocket() {
  let waiting = 0;
  const socket = Object.assign(new EventEmitter(), {
    cut: false,
    write: (bytes: Uint8Array) => {
      waiting += bytes.length;
      return waiting < 16_384;
    },
    destroy: () => void (socket.cut = true),
    read() {
      waiting = 0;
      socket.emit("drain");
    },
  });
  Object.defineProperty(socket, "writableLength", { get: () => waiting });
  const clock = new FakeClock();
  holdBacklog(socket as unknown as Socket, clock);
  return { socket, clock };
}

const KIB = new Uint8Array(1024);
const writes = (socket: { write(bytes: Uint8Array): boolean }, count: number) =>
  Array.from({ length: count }, () => socket.write(KIB));

Deno.test("the broker goes on while a client does not read, and who has 128 KiB waiting after two seconds is cut at once", async () => {
  const { socket, clock } = deafSocket();
  assert.ok(writes(socket, 15).every((goesOn) => goesOn));
  await clock.advance(2_000);
  assert.ok(writes(socket, 120).every((goesOn) => goesOn), "nobody waits");
  assert.equal(socket.cut, true);
});

Deno.test("a client that is sent much at once has two seconds to take it", async () => {
  const { socket, clock } = deafSocket();
  await clock.advance(10_000);
  assert.equal(writes(socket, 128).at(-1), false, "the broker waits");
  assert.equal(socket.cut, false);
});

Deno.test("a client that reads in between is never cut", async () => {
  const { socket, clock } = deafSocket();
  for (let round = 0; round < 10; round++) {
    assert.equal(writes(socket, 140).at(-1), false, "the broker waits");
    await clock.advance(1_500);
    socket.read();
  }
  assert.equal(socket.cut, false);
});
