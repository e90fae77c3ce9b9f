/** What a publisher has done, for `/metrics`. */
export interface PublisherStats {
  readonly connected: boolean;
  /** Messages the broker has taken. */
  readonly published: number;
  /** Messages dropped because too many waited. */
  readonly dropped: number;
  /** Messages that wait or are under way. */
  readonly waiting: number;
}

/** How the gateway is connected over MQTT, for people. */
export interface MqttLink extends PublisherStats {
  /** To somebody else's broker, or it is one itself. */
  readonly kind: "client" | "embedded";
  /** `mqtts://host:8883`, or `host:port` where it listens. Never holds credentials. */
  readonly address: string;
  readonly tls: boolean;
  /** Since when it is connected or not, unix milliseconds. */
  readonly since: number;
  /** Why it is not connected, as far as known, or what a broker that it is connected to does not take. */
  readonly trouble: string | undefined;
  readonly homeAssistant: boolean;
}
