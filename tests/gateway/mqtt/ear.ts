import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";

/** A client that writes down what it hears. */
export interface Ear extends AsyncDisposable {
  readonly client: MqttClient;
  readonly heard: { readonly topic: string; readonly payload: string; readonly retain: boolean }[];
  /** The newest payload on a topic. */
  last(topic: string): string | undefined;
}

export async function listenAt(
  port: number,
  topics: string | string[] = "#",
  options: IClientOptions = {},
  qos: 0 | 1 = 1,
): Promise<Ear> {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
    reconnectPeriod: 0,
    connectTimeout: 30_000,
    ...options,
  });
  const heard: Ear["heard"] = [];
  client.on("error", () => {});
  client.on("message", (topic, payload, { retain }) => {
    heard.push({ topic, payload: new TextDecoder().decode(payload), retain });
  });
  await client.subscribeAsync(topics, { qos });
  return {
    client,
    heard,
    last: (topic) => heard.findLast((message) => message.topic === topic)?.payload,
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
}
