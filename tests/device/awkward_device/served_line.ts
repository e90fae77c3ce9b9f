import type { BusConfig } from "../../../device/config/bus_config.ts";
import type { busOf } from "../../../device/equipment/bus.ts";
import type { FakeClock } from "../../fakes/clock.ts";
import "../../fakes/sockets.ts";
import type { AwkwardDevice, Deed } from "./device.ts";
import type { Transport } from "./faults.ts";
import { PtyLine } from "./pty_line.ts";

/** Milliseconds for which an unplugged adapter is away. */
export const AWAY_MS = 2000;

/** A device on a real line, in the time of a fake clock. */
interface ServedLine extends AsyncDisposable {
  /** The line's part of a bus's configuration, to which more may be said. */
  config(more: object): Partial<BusConfig>;
  readonly openSerial?: Parameters<typeof busOf>[1]["openSerial"];
}

export function serve(device: AwkwardDevice, transport: Transport, clock: FakeClock): ServedLine {
  return transport === "pty" ? onPty(device, clock) : onSocket(device, transport, clock);
}

function onSocket(device: AwkwardDevice, transport: "tcp" | "rtu over tcp", clock: FakeClock): ServedLine {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const serving: Promise<void>[] = [];
  const serveOne = async (connection: Deno.Conn) => {
    const heard = device.connected();
    const close = () => void (open.delete(connection) && connection.close());
    const chunk = new Uint8Array(512);
    try {
      for (let n = await connection.read(chunk); n !== null; n = await connection.read(chunk)) {
        const deeds = heard(chunk.slice(0, n), clock.monotonic());
        for (const deed of deeds) {
          act(deed, clock, () => open.has(connection), (bytes) => connection.write(bytes), close);
        }
      }
    } catch {
      // closed at either end
    }
    close();
  };
  const accepting = (async () => {
    for (;;) {
      const connection = await listener.accept();
      connection.setNoDelay(true);
      open.add(connection);
      serving.push(serveOne(connection));
    }
  })().catch(() => {}); // the listener was closed
  const endpoint = { host: "127.0.0.1", port: listener.addr.port };
  return {
    config: (more) => ({ [transport === "tcp" ? "tcp" : "rtu_over_tcp"]: { ...endpoint, ...more } }),
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of open) connection.close();
      open.clear();
      await accepting;
      await Promise.all(serving);
    },
  };
}

function onPty(device: AwkwardDevice, clock: FakeClock): ServedLine {
  const line = new PtyLine(clock);
  let over = false;
  const serveOne = async () => {
    const heard = device.connected();
    const { far } = line;
    let unplugged = false;
    const unplug = () => {
      if (unplugged) return;
      unplugged = true;
      line.unplug();
    };
    while (!unplugged && !over) {
      const bytes = await far.read(1e9);
      const deeds = bytes ? heard(bytes, clock.monotonic()) : [];
      for (const deed of deeds) act(deed, clock, () => !unplugged && !over, (bytes) => far.write(bytes), unplug);
    }
  };
  const serving = (async () => {
    while (!over) {
      await serveOne().catch(() => {}); // unplugged
      if (over) return;
      await clock.sleep(AWAY_MS);
      line.plugIn();
    }
  })();
  return {
    config: (more) => ({ serial: { path: "/dev/ttyUSB0", ...more } as BusConfig["serial"] }),
    openSerial: line.open,
    async [Symbol.asyncDispose]() {
      over = true;
      line[Symbol.dispose]();
      await clock.until(serving);
      line[Symbol.dispose]();
    },
  };
}

/** Does what the device does, when it does it, while it can. */
function act(
  deed: Deed,
  clock: FakeClock,
  isOpen: () => boolean,
  write: (bytes: Uint8Array) => Promise<unknown>,
  hangUp: () => void,
): void {
  clock.sleep(deed.at - clock.monotonic()).then(async () => {
    if (!isOpen()) return;
    if ("hangUp" in deed) hangUp();
    else await write(deed.bytes).catch(() => {}); // the other end closed
  });
}
