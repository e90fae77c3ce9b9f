import { useState } from "preact/hooks";
import type { Device, FleetEnergy, Power } from "../../api/views.ts";
import { Badge } from "../../components/badge.tsx";
import { Choice } from "../../components/choice.tsx";
import { DeviceStateBadge, STATES } from "../../components/device_state.tsx";
import { EnergyToday } from "../../components/energy_today.tsx";
import { LongTable } from "../../components/long_table.tsx";
import { Quantity } from "../../components/quantity.tsx";
import type { Column } from "../../components/table.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { to } from "../../router.ts";

interface Props {
  readonly devices: readonly Device[];
  readonly power: Power | undefined;
  readonly energy: FleetEnergy | undefined;
}

/** Every device in a line; many of them can be narrowed down. */
export function DevicesTable({ devices, power, energy }: Props) {
  const [state, setState] = useState("");
  const powerOf = new Map(power?.devices.map(({ device_id, power_w }) => [device_id, power_w]));
  const energyOf = new Map(energy?.devices.map((device) => [device.device_id, device]));
  const columns: readonly Column<Device>[] = [
    {
      title: "Device",
      cell: ({ device_id, weak }) => (
        <>
          <a href={to("devices", device_id)}>{device_id}</a>{" "}
          {weak && <Badge tone="warn" text="weak" title="Only its uploads are signed: the boards' scheme" />}
        </>
      ),
    },
    { title: "State", cell: (device) => <DeviceStateBadge device={device} /> },
    { title: "Power", number: true, cell: ({ device_id }) => <Quantity value={powerOf.get(device_id)} unit="W" /> },
    { title: "Today", number: true, cell: ({ device_id }) => <EnergyToday energy={energyOf.get(device_id)} /> },
    { title: "Last sample", wide: true, cell: ({ last_sample_ms }) => <RelativeTime at={last_sample_ms} /> },
    {
      title: "Inverters",
      wide: true,
      cell: ({ inverters }) => inverters.join(", ") || <span class="faint">none</span>,
    },
    { title: "Model", wide: true, cell: ({ model }) => model },
  ];
  return (
    <LongTable
      caption="Devices"
      columns={columns}
      rows={devices.filter((device) => state === "" || device.state === state)}
      rowKey={({ device_id }) => device_id}
      nameOf={({ device_id }) => device_id}
      total={devices.length}
      filters={<Choice label="State" all="All states" options={STATES} value={state} onValue={setState} />}
      empty={null}
    />
  );
}
