import { createServer, type Socket } from "node:net";
import { Aedes } from "aedes";

/** A broker of another maker, in this process, on a port of its own. */
export interface OtherBroker extends AsyncDisposable {
  readonly port: number;
}

/** `listening: false`: it lets nobody subscribe. */
export async function startOtherBroker(port = 0, { listening = true } = {}): Promise<OtherBroker> {
  const aedes = await Aedes.createBroker();
  if (!listening) aedes.authorizeSubscribe = (_client, _subscription, done) => done(null, null);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    aedes.handle(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => aedes.close(resolve));
      await closed;
    },
  };
}
