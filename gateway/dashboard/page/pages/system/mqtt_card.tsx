import type { MqttLink } from "../../api/views.ts";
import { Badge } from "../../components/badge.tsx";
import { Empty } from "../../components/empty.tsx";
import { Fact } from "../../components/fact.tsx";
import { Card } from "../../components/page.tsx";
import { RelativeTime } from "../../components/time.tsx";

/** The way to the broker. */
export function MqttCard({ link }: { readonly link: MqttLink }) {
  if (!link.enabled) {
    return (
      <Card title="MQTT">
        <Empty title="MQTT is off">
          <p>
            Name a broker under <code>gateway.mqtt</code>{" "}
            in the configuration file, or let the gateway be one, and restart it.
          </p>
        </Empty>
      </Card>
    );
  }
  const { kind, address, tls, connected, since_ms, trouble, published, waiting, dropped, home_assistant } = link;
  const state = <Badge tone={connected ? "good" : "bad"} text={connected ? "connected" : "not connected"} />;
  return (
    <Card title="MQTT" actions={state}>
      <dl class="facts">
        <Fact term={kind === "embedded" ? "Own broker on" : "Broker"}>
          {address} {tls && <span class="faint">with TLS</span>}
        </Fact>
        <Fact term="Since">
          <RelativeTime at={since_ms} /> {trouble && <span class="problem">{trouble}</span>}
        </Fact>
        <Fact term="Messages">{published} delivered, {waiting} waiting, {dropped} dropped</Fact>
        <Fact term="Home Assistant">{home_assistant ? "devices are announced" : "off"}</Fact>
      </dl>
    </Card>
  );
}
