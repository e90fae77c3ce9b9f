import { connect } from "node:net";
import { ALIVE, dead, type Liveness } from "../../platform/liveness.ts";

/** Where a gateway listens. */
interface Listener {
  readonly hostname: string;
  readonly port: number;
}

/** How long a new connection and its answer may take, milliseconds. */
const ANSWER_MS = 5_000;

/**
 * Whether this gateway answers who connects to it, whatever it answers: a listener that is gone, or that takes nobody any more,
 * is seen from outside only. Never rejects.
 */
export function listenerLiveness({ hostname, port }: Listener, ms = ANSWER_MS): Promise<Liveness> {
  const where = `${hostname}:${port}`;
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port });
    const timer = setTimeout(() => end(dead(`nobody is answered at ${where}`)), ms);
    const end = (liveness: Liveness) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(liveness);
    };
    socket.once("connect", () => socket.write("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    socket.once("data", (bytes: Uint8Array) => {
      const isHttp = new TextDecoder().decode(bytes.subarray(0, 5)) === "HTTP/";
      end(isHttp ? ALIVE : dead(`something else answers at ${where}`));
    });
    socket.once("error", (error) => end(dead(`nobody can connect to ${where}: ${error.message}`)));
    socket.once("close", () => end(dead(`connections to ${where} are closed without an answer`)));
  });
}
