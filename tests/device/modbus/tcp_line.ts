import { tcpLine } from "../../../device/modbus/lines.ts";
import { clock, type Peer } from "./peer.ts";

export function lineTo(peer: Peer, options: Partial<Parameters<typeof tcpLine>[0]> = {}) {
  return tcpLine({ host: "127.0.0.1", port: peer.port, ...options }, clock);
}
