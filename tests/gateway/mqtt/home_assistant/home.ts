import type { GatewayProcessOptions } from "../../../e2e/gateway.ts";
import { until } from "../../../fakes/until.ts";
import { type Ear, listenAt } from "../ear.ts";
import { startMqttGateway } from "../mqtt_gateway.ts";
import { DeviceDiscovery } from "./schema.ts";

/** Who may say what is to be. */
export const OPERATOR = { username: "hass", password: "test-operator-password" };
/** Who may look. */
export const VIEWER = { username: "wall", password: "test-viewer-password" };
const EMBEDDED = { port: 0, users: [{ ...OPERATOR, role: "operator" }, VIEWER] };
/** Where the device is announced. */
export const NODE = "homeassistant/device/ecowatt_roof/config";
/** Where its inverter is announced. */
export const INVERTER = "homeassistant/device/ecowatt_roof_east/config";
/** Milliseconds. */
export const MINUTE = 60_000;

/** A quarter of an hour of the ten-register inverter `east` at a constant power, up to now. */
export function quarter(power: number, registers = ["Vac1", "Pac"]) {
  const now = Date.now();
  const samples = Array.from({ length: 16 }, (_, k) => ({
    at: now - (15 - k) * MINUTE,
    values: registers.map((name) => name === "Pac" ? power : name === "Vac1" ? 2301 : 60),
  }));
  return [samples, { inverter: "east", registers }] as const;
}

/** What is announced on a topic. */
export function discovery(ear: Ear, topic: string): DeviceDiscovery {
  return DeviceDiscovery.parse(JSON.parse(ear.last(topic) ?? "{}"));
}

/** A gateway with a device and its inverter that Home Assistant, who listens, knows of. */
export async function announced(config: Record<string, unknown> = {}, options: GatewayProcessOptions = {}) {
  await using opening = new AsyncDisposableStack();
  const mqtt = { embedded: EMBEDDED, home_assistant: { enabled: true, ...config } };
  const gateway = opening.use(await startMqttGateway(mqtt, options));
  const ear = opening.use(await listenAt(gateway.mqttPort, "#", OPERATOR));
  await gateway.roof.upload(...quarter(600));
  await until(() => ear.last(INVERTER) !== undefined && ear.last(NODE) !== undefined, "the announcements");
  const running = opening.move();
  return { gateway, ear, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
