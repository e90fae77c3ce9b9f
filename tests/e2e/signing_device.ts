import type { Sample } from "../../protocol/sample.ts";
import { type Answered, blockOf, send, signedPost, upload } from "../fakes/device_gateway.ts";
import type { GatewayProcess } from "./gateway.ts";

/** A device that signs what it sends, and sends what the test says. */
export interface SigningDevice {
  /** Throws unless it is answered with 200. */
  post(path: string, body: Readonly<Record<string, unknown>>): Promise<Answered>;
  /** Uploads samples of an inverter with the ten registers; the values are raw. */
  upload(samples: readonly Sample[], what?: Uploaded): Promise<Answered>;
}

export interface Uploaded {
  /** `roof-1` when left out. */
  readonly inverter?: string;
  /** `Vac1` and `Pac` when left out. */
  readonly registers?: string[];
  /** The next one when left out. */
  readonly blockId?: number;
}

/** Registers a device of the model and gives its side. */
export async function addSigningDevice(gateway: GatewayProcess, name: string, model: string): Promise<SigningDevice> {
  const { key } = await gateway.addDevice(name, { model });
  let sequence = 0;
  let blocks = 0;
  const posted = (path: string, body: Readonly<Record<string, unknown>>) =>
    send(gateway, signedPost(gateway, key, ++sequence, { device_id: name, ...body }, path));
  const post = async (path: string, body: Readonly<Record<string, unknown>>) => {
    let answered = await posted(path, body);
    if (answered.json.reason === "replay") { // after a kill of the gateway
      sequence = answered.json.next_sequence - 1;
      answered = await posted(path, body);
    }
    if (answered.status !== 200) throw new Error(`${path}: ${answered.status}: ${JSON.stringify(answered.json)}`);
    return answered;
  };
  return {
    post,
    upload(samples, { inverter = "roof-1", registers, blockId = ++blocks } = {}) {
      return post("/process", upload(name, { ...blockOf(blockId, samples, registers), inverter }));
    },
  };
}
