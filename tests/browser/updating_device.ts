import { importHmacKey } from "../../crypto/hmac.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import { type Answered, send, signedPost } from "../fakes/device_gateway.ts";

/** A signing device that takes updates when the test says so. */
export interface UpdatingDevice {
  post(path: string, body: Record<string, unknown>): Promise<Answered>;
}

/** Registers a device of the model `test`. */
export async function addUpdatingDevice({ management, url }: Gateway, name: string): Promise<UpdatingDevice> {
  const deviceId = DeviceId.parse(name);
  const { key } = await management.addDevice({ deviceId, model: "test", auth: "signed" });
  const signing = { deviceId, number: key.number, hmac: importHmacKey(key.raw) };
  let sequence = 0;
  return {
    async post(path, body) {
      const answered = await send(
        { url },
        signedPost({ url }, signing, ++sequence, { device_id: name, ...body }, path),
      );
      if (answered.status !== 200) throw new Error(`${path}: ${answered.status}: ${JSON.stringify(answered.json)}`);
      return answered;
    },
  };
}
