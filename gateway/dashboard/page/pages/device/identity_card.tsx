import type { DeviceEnergy, DeviceWithKeys, Outbox } from "../../api/views.ts";
import { Badge } from "../../components/badge.tsx";
import { DeviceStateBadge } from "../../components/device_state.tsx";
import { EnergyToday } from "../../components/energy_today.tsx";
import { Fact } from "../../components/fact.tsx";
import { Card } from "../../components/page.tsx";
import { DataTable } from "../../components/table.tsx";
import { AbsoluteTime, RelativeTime, Since } from "../../components/time.tsx";
import { localTimes } from "../../components/time_text.ts";

interface Props {
  readonly device: DeviceWithKeys;
  readonly energy: DeviceEnergy | undefined;
}

/** Who the device is, with what keys, and its inverters. */
export function IdentityCard({ device, energy }: Props) {
  return (
    <div class="columns">
      <Card title="Identity">
        <dl class="facts">
          <Fact term="Name">{device.device_id}</Fact>
          <Fact term="Model">{device.model}</Fact>
          <Fact term="Proves itself by">
            {device.auth === "signed" ? "signing every request" : "signing its uploads (legacy board)"}
          </Fact>
          <Fact term="Calls itself">{device.wire_id}</Fact>
          <Fact term="Registered">
            <AbsoluteTime at={device.created_at_ms} />
          </Fact>
          <Fact term="Last upload">
            <RelativeTime at={device.last_upload_ms} />
          </Fact>
          <Fact term="Last sample">
            <RelativeTime at={device.last_sample_ms} />
          </Fact>
          <Fact term="Outbox">{device.outbox && <OutboxText outbox={device.outbox} />}</Fact>
        </dl>
      </Card>
      <KeysCard device={device} />
      {device.inverter_states.length > 0 && <InvertersCard device={device} energy={energy} />}
    </div>
  );
}

function KeysCard({ device }: Pick<Props, "device">) {
  return (
    <Card title="Keys">
      <DataTable
        caption={`Keys of ${device.device_id}`}
        columns={[
          { title: "Key", cell: ({ number }) => `No. ${number}` },
          { title: "Made", cell: ({ created_at_ms }) => <RelativeTime at={created_at_ms} /> },
          {
            title: "State",
            cell: ({ revoked_at_ms }) =>
              revoked_at_ms === null ? <Badge tone="good" text="valid" /> : <Badge tone="calm" text="revoked" />,
          },
        ]}
        rows={device.keys}
        rowKey={({ number }) => number}
        empty={null}
      />
    </Card>
  );
}

function InvertersCard({ device, energy }: Props) {
  const energyOf = new Map(energy?.inverters.map((one) => [one.inverter, one]));
  return (
    <Card title="Inverters">
      <DataTable
        caption={`Inverters of ${device.device_id}`}
        columns={[
          { title: "Inverter", cell: ({ inverter }) => inverter },
          {
            title: "State",
            cell: ({ state, reason, since_ms }) => (
              <>
                <DeviceStateBadge device={{ state, state_reason: reason }} />
                {state !== "ok" && (
                  <div class="hint">
                    {localTimes(reason)} <Since at={since_ms} />
                  </div>
                )}
              </>
            ),
          },
          {
            title: "Today",
            number: true,
            cell: ({ inverter }) => <EnergyToday energy={energyOf.get(inverter)} />,
          },
        ]}
        rows={device.inverter_states}
        rowKey={({ inverter }) => inverter}
        empty={null}
      />
    </Card>
  );
}

function OutboxText({ outbox: { waiting, oldest_ms, dropped } }: { readonly outbox: Outbox }) {
  return (
    <>
      {waiting === 0 ? "nothing waits" : waiting === 1 ? "1 block waits" : `${waiting} blocks wait`}
      {oldest_ms !== null && (
        <>
          , the oldest sample from <RelativeTime at={oldest_ms} />
        </>
      )}
      {dropped > 0 && <span class="problem">, {dropped} samples dropped: it was full</span>}
    </>
  );
}
