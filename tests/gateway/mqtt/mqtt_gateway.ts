import { type GatewayProcess, type GatewayProcessOptions, startGatewayProcess } from "../../e2e/gateway.ts";
import { addSigningDevice, type SigningDevice } from "../../e2e/signing_device.ts";

/** The product's gateway with MQTT, in a process of its own, and a device `roof` that sends what the test says. */
export interface MqttGateway extends GatewayProcess {
  readonly roof: Roof;
  /** How it is connected, as it tells. */
  mqtt(): Promise<Link>;
  /** What a device is to have, and who wanted it so. */
  wished(device?: string): Promise<{ readonly settings: unknown; readonly by: readonly unknown[] }>;
}

export interface Roof extends SigningDevice {
  /** One sample of the ten-register inverter at 230.1 V. */
  samplePower(at: number, watts: number): Promise<void>;
}

export interface Link {
  readonly connected: boolean;
  readonly published: number;
  readonly dropped: number;
  readonly waiting: number;
  readonly tls: boolean;
  readonly trouble: string | null;
}

/** `mqtt`: the section of that name of its configuration. */
export async function startMqttGateway(mqtt: object, options: GatewayProcessOptions = {}): Promise<MqttGateway> {
  await using opening = new AsyncDisposableStack();
  const gateway = opening.use(await startGatewayProcess({ ...options, config: { ...options.config, mqtt } }));
  const roof = await addSigningDevice(gateway, "roof", "node");
  const running = opening.move();
  return {
    ...gateway,
    roof: { ...roof, samplePower: async (at, watts) => void await roof.upload([{ at, values: [2301, watts] }]) },
    mqtt: () => gateway.ask<Link>("GET", "/api/v1/mqtt"),
    async wished(device = "roof") {
      const path = `/api/v1/devices/${device}/settings`;
      const { desired } = await gateway.ask<{ desired: unknown }>("GET", path);
      const { events } = await gateway.ask<{ events: { event: { by?: string } }[] }>("GET", `${path}/history`);
      return { settings: desired, by: events.flatMap(({ event }) => event.by === undefined ? [] : [event.by]) };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
