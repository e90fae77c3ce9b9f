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
  /** It said who it is. `false`, with nothing changed, when everybody's place is taken. */
  letIn(socket: Socket): boolean;
  readonly all: Iterable<Socket>;
}

/** `places`: for clients; there are as many again at the door. */
export function createClientConnections(places: number): ClientConnections {
  const inside = new Set<Socket>();
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
    letIn(socket) {
      if (inside.size >= places) return false;
      waiting.delete(socket);
      inside.add(socket);
      return true;
    },
    get all() {
      return [...inside, ...waiting.keys()];
    },
  };
}
