import { createServer, type Socket } from "node:net";

/** What a broker with rules does about a client; what is not said is allowed. */
export interface Rules {
  /** The code of the answer to a subscription: 1 grants it, from 0x80 on it is refused; `cut` ends the connection. */
  readonly subscribe?: (topic: string) => number | "cut";
  /** Whether a message is taken; one that is not ends the connection. */
  readonly takes?: (topic: string, retain: boolean) => boolean;
  /** Whether a last will may be retained; a client with one is thrown out before it is taken. */
  readonly keepsWill?: boolean;
}

interface StrictBroker extends AsyncDisposable {
  readonly port: number;
  connections(): number;
  /** Topics of what was taken, with their payloads, in order. */
  readonly taken: readonly (readonly [topic: string, payload: string])[];
  /** Of each client that was taken: whether its last will is retained. */
  readonly wills: readonly boolean[];
}

const CONNECT = 1, PUBLISH = 3, SUBSCRIBE = 8, PING = 12;
const WILL_RETAIN = 0x20;

/** A broker of MQTT 3.1.1 that speaks no more of it than is needed to refuse, as brokers of others do (QoS 0 and 1). */
export async function startStrictBroker(rules: Rules): Promise<StrictBroker> {
  const taken: (readonly [string, string])[] = [], wills: boolean[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const answer = (type: number, flags: number, body: Uint8Array): Uint8Array | "cut" | undefined => {
    switch (type) {
      case CONNECT: {
        const retained = ((body[7] ?? 0) & WILL_RETAIN) !== 0;
        if (retained && rules.keepsWill === false) return "cut";
        wills.push(retained);
        return Uint8Array.of(0x20, 2, 0, 0);
      }
      case SUBSCRIBE: {
        const code = rules.subscribe?.(textAt(body, 2)) ?? 1;
        return code === "cut" ? code : Uint8Array.of(0x90, 3, body[0] ?? 0, body[1] ?? 0, code);
      }
      case PUBLISH: {
        const topic = textAt(body, 0), at = 2 + topic.length;
        if (rules.takes?.(topic, (flags & 1) !== 0) === false) return "cut";
        taken.push([topic, new TextDecoder().decode(body.subarray(at + 2))]);
        return Uint8Array.of(0x40, 2, body[at] ?? 0, body[at + 1] ?? 0);
      }
      case PING:
        return Uint8Array.of(0xd0, 0);
      default:
        return undefined;
    }
  };
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    const next = packets();
    socket.on("data", (chunk) => {
      for (const { type, flags, body } of next(new Uint8Array(chunk))) {
        const reply = answer(type, flags, body);
        if (reply === "cut") return void socket.destroy();
        if (reply) socket.write(reply);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    connections: () => connections,
    taken,
    wills,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function textAt(body: Uint8Array, at: number): string {
  const length = ((body[at] ?? 0) << 8) | (body[at + 1] ?? 0);
  return new TextDecoder().decode(body.subarray(at + 2, at + 2 + length));
}

/** Cuts what comes in into packets (MQTT 3.1.1 §2.2). */
function packets() {
  let waiting = new Uint8Array(0);
  return function* (chunk: Uint8Array) {
    waiting = new Uint8Array([...waiting, ...chunk]);
    for (;;) {
      let length = 0, at = 1;
      for (let more = true; more; at++) {
        const byte = waiting[at];
        if (byte === undefined) return;
        length += (byte & 0x7f) * 0x80 ** (at - 1);
        more = byte >= 0x80;
      }
      if (waiting.length < at + length) return;
      const [first = 0] = waiting, body = waiting.subarray(at, at + length);
      waiting = waiting.slice(at + length);
      yield { type: first >> 4, flags: first & 0x0f, body };
    }
  };
}
