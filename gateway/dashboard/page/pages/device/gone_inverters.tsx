import { useState } from "preact/hooks";
import type { DeviceWithKeys } from "../../api/views.ts";
import { useAnnounce } from "../../components/announce.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Card } from "../../components/page.tsx";
import { RowAction } from "../../components/row_action.tsx";
import { DataTable } from "../../components/table.tsx";
import { useApi, useMay } from "../../session.tsx";

interface Props {
  readonly device: DeviceWithKeys;
  readonly onRemoved: () => void;
}

/** Inverters that the device had once: renamed, moved or taken down. */
export function goneInverters({ inverters, inverter_states }: DeviceWithKeys): readonly string[] {
  const there = new Set(inverter_states.map(({ inverter }) => inverter));
  return inverters.filter((name) => !there.has(name));
}

/** What is left of inverters that are not polled any more, and the way to be rid of it. */
export function GoneInvertersCard({ device, onRemoved }: Props) {
  const [chosen, setChosen] = useState<string>();
  const mayRemove = useMay("admin");
  return (
    <Card title="Not polled any more">
      <DataTable
        caption={`Inverters that ${device.device_id} does not poll any more`}
        columns={[
          { title: "Inverter", cell: (name: string) => name },
          {
            title: "Actions",
            cell: (name: string) =>
              mayRemove && <RowAction quiet label={`Remove ${name}`} onClick={() => setChosen(name)}>Remove</RowAction>,
          },
        ]}
        rows={goneInverters(device)}
        rowKey={(name) => name}
        empty={null}
      />
      {chosen !== undefined && (
        <RemoveDialog
          device={device.device_id}
          inverter={chosen}
          onRemoved={onRemoved}
          onClose={() => setChosen(undefined)}
        />
      )}
    </Card>
  );
}

interface RemoveProps {
  readonly device: string;
  readonly inverter: string;
  readonly onRemoved: () => void;
  readonly onClose: () => void;
}

function RemoveDialog({ device, inverter, onRemoved, onClose }: RemoveProps) {
  const api = useApi();
  const announce = useAnnounce();
  const path = `/api/v1/devices/${encodeURIComponent(device)}/inverters/${encodeURIComponent(inverter)}`;
  const remove = async () => {
    await api.send("DELETE", path);
    announce.done(`${inverter} is no inverter of ${device} any more`);
    onRemoved();
  };
  return (
    <ConfirmDialog
      title={`Remove ${inverter}?`}
      confirm={`Remove ${inverter}`}
      danger
      onConfirm={remove}
      onClose={onClose}
    >
      <p>It is not listed any more; its samples stay. It is back when samples of it arrive again.</p>
    </ConfirmDialog>
  );
}
