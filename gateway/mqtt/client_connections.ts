import type { Socket } from "node:net";

/** Of the places for connections that have yet to say who they are, how much one address may take. */
const SHARE = 1 / 2;

/** The connections of the broker: who was let in, and who stands at the door. */
export interface ClientConnections {
  /**
   * Writes down a new connection. Where too many have yet to say who they are, from its address or in all, the one that has
   * waited longest is cut: who says it at once gets in however many others say nothing.
   */
  arrived(socket: Socket): void;
  /**
   * It said who it is. When every place is taken, whoever has most of them, by name and address, loses the oldest to one that
   * has fewer; `false`, with nothing changed, when nobody has more than it.
   */
  letIn(socket: Socket, name: string): boolean;
  readonly all: Iterable<Socket>;
}

/** `places`: for clients; there are as many again at the door. */
export function createClientConnections(places: number): ClientConnections {
  const inside = new Map<Socket, string>(); // who each is, the oldest first
  const waiting = new Map<Socket, string>(); // longest first
  const cutLongest = (isMeant: (address: string) => boolean) => {
    for (const [socket, address] of waiting) {
      if (!isMeant(address)) continue;
      waiting.delete(socket);
      socket.destroy();
      return;
    }
  };
  return {
    arrived(socket) {
      const address = socket.remoteAddress ?? "";
      const ofAddress = [...waiting.values()].filter((one) => one === address).length;
      if (ofAddress >= Math.max(1, SHARE * places)) cutLongest((one) => one === address);
      else if (waiting.size >= places) cutLongest(() => true);
      waiting.set(socket, address);
      socket.once("close", () => {
        waiting.delete(socket);
        inside.delete(socket);
      });
    },
    letIn(socket, name) {
      const who = `${name} ${socket.remoteAddress ?? ""}`;
      if (inside.size >= places) {
        const surplus = oldestOfMost(inside, who);
        if (surplus === undefined) return false;
        inside.delete(surplus);
        surplus.destroy();
      }
      waiting.delete(socket);
      inside.set(socket, who);
      return true;
    },
    get all() {
      return [...inside.keys(), ...waiting.keys()];
    },
  };
}

/** Of whoever has the most connections, and more than `newcomer` would have. */
function oldestOfMost(inside: ReadonlyMap<Socket, string>, newcomer: string): Socket | undefined {
  const counts = new Map<string, number>();
  for (const who of inside.values()) counts.set(who, (counts.get(who) ?? 0) + 1);
  const most = Math.max(...counts.values());
  if (most <= (counts.get(newcomer) ?? 0) + 1) return undefined;
  for (const [socket, who] of inside) if (counts.get(who) === most) return socket;
}
