import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { createClientConnections } from "../../../gateway/mqtt/client_connections.ts";

/** As much of a socket as is looked at; `cut` says whether it was destroyed. */
function socketOf(remoteAddress: string): Socket & { cut: boolean } {
  const socket = Object.assign(new EventEmitter(), { remoteAddress, cut: false, destroy: () => {} });
  socket.destroy = () => {
    socket.cut = true;
    socket.emit("close");
  };
  return socket as unknown as Socket & { cut: boolean };
}

Deno.test("one client does not keep the others out: its oldest connection gives way to who has fewer", () => {
  const list = createClientConnections(4);
  const enter = (address: string, name: string) => {
    const socket = socketOf(address);
    list.arrived(socket);
    return { socket, isIn: list.letIn(socket, name) };
  };
  const greedy = Array.from({ length: 4 }, () => enter("10.0.0.1", "wall"));
  assert.ok(greedy.every(({ isIn }) => isIn));
  assert.equal(enter("10.0.0.1", "wall").isIn, false, "it has all of them");
  assert.equal(enter("10.0.0.2", "wall").isIn, true, "the same name from elsewhere");
  assert.equal(enter("10.0.0.1", "nodered").isIn, true, "another name from the same address");
  assert.deepEqual(greedy.map(({ socket }) => socket.cut), [true, true, false, false]);
  assert.equal(enter("10.0.0.2", "wall").isIn, false, "it would have as many as the other");
  assert.equal(enter("10.0.0.3", "phone").isIn, true);
  assert.deepEqual(greedy.map(({ socket }) => socket.cut), [true, true, true, false]);
  assert.equal(enter("10.0.0.4", "car").isIn, false, "everybody has one");
});
