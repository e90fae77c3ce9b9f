import { useState } from "preact/hooks";
import { useResource } from "../../api/resource.ts";
import type { CommandHistory, CommandRecord } from "../../api/views.ts";
import { Choice } from "../../components/choice.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/notice.tsx";
import { Card } from "../../components/page.tsx";
import { PagerButtons, usePager } from "../../components/pager.tsx";
import { RowAction } from "../../components/row_action.tsx";
import { type Column, DataTable } from "../../components/table.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { useApi, useMay } from "../../session.tsx";
import { CommandDetail } from "./command_detail.tsx";
import { CommandStateBadge, commandText, OPEN_STATES, STATES } from "./command_text.tsx";

interface Props {
  readonly devices: readonly string[];
  readonly first: string | undefined;
}

const PAGE = 25;

/** What was queued, the newest first, as it goes. */
export function HistoryCard({ devices, first }: Props) {
  const [device, setDevice] = useState(first ?? "");
  const [state, setState] = useState("");
  const [open, setOpen] = useState<string>();
  const [cancelled, setCancelled] = useState<CommandRecord>();
  const mayCancel = useMay("operator");
  const { history, pager } = useHistory({ device, state });
  const filters = (
    <>
      <Choice label="Device" all="All devices" options={devices} value={device} onValue={setDevice} />
      <Choice label="State" all="All states" options={STATES} value={state} onValue={setState} />
    </>
  );
  return (
    <Card title="History" actions={filters}>
      <Loaded resource={history}>
        {(value) => {
          const shown = listed(value);
          const detail = shown.find(({ command_id }) => command_id === open);
          return (
            <>
              {detail && <CommandDetail command={detail} onClose={() => setOpen(undefined)} />}
              <DataTable
                caption="Commands, the newest first"
                columns={columns({ onOpen: setOpen, onCancel: setCancelled, mayCancel })}
                rows={shown}
                rowKey={({ command_id }) => command_id}
                empty={<NoCommands filtered={device !== "" || state !== ""} />}
              />
            </>
          );
        }}
      </Loaded>
      <PagerButtons pager={pager} next={history.isOwn ? history.value?.next : undefined} />
      {cancelled && (
        <CancelDialog
          command={cancelled}
          onDone={history.reload}
          onClose={() => setCancelled(undefined)}
        />
      )}
    </Card>
  );
}

/** What is asked for; empty: all. */
interface Filter {
  readonly device: string;
  readonly state: string;
}

/** The commands of a page, read again when one of them changes. */
function useHistory({ device, state }: Filter) {
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (device !== "") query.set("device_id", device);
  if (state !== "") query.set("status", state);
  const pager = usePager<string>(String(query));
  if (pager.before !== undefined) query.set("before", pager.before);
  const where = ({ device_id }: { readonly device_id?: string }) => device === "" || device_id === device;
  const live = { on: ["command"] as const, where, every: 30_000, stays: true };
  return { history: useResource<CommandHistory>(`/command/history?${query}`, live), pager };
}

function listed(history: CommandHistory): readonly CommandRecord[] {
  const all = "commands" in history ? history.commands : Object.values(history.command_history).flat();
  return [...all].sort((a, b) => b.queued_timestamp - a.queued_timestamp);
}

function columns(
  { onOpen, onCancel, mayCancel }: {
    readonly onOpen: (id: string) => void;
    readonly onCancel: (command: CommandRecord) => void;
    readonly mayCancel: boolean;
  },
): readonly Column<CommandRecord>[] {
  return [
    {
      title: "Command",
      cell: (command) => (
        <button type="button" class="link" onClick={() => onOpen(command.command_id)}>{commandText(command)}</button>
      ),
    },
    { title: "Device", cell: ({ device_id }) => device_id },
    { title: "State", cell: (command) => <CommandStateBadge command={command} /> },
    { title: "Queued", cell: ({ queued_timestamp }) => <RelativeTime at={1000 * queued_timestamp} /> },
    { title: "By", wide: true, cell: ({ queued_by }) => queued_by },
    {
      title: "Action",
      cell: (command) =>
        mayCancel && OPEN_STATES.includes(command.status) && (
          <RowAction
            label={`Cancel: ${commandText(command)} of ${command.device_id}`}
            onClick={() => onCancel(command)}
          >
            Cancel
          </RowAction>
        ),
    },
  ];
}

function NoCommands({ filtered }: { readonly filtered: boolean }) {
  if (filtered) return <Empty title="No command fits the filter" />;
  return (
    <Empty title="No command was queued yet">
      <p>Choose a device above, say what it is to do, and queue it. What becomes of it is shown here as it happens.</p>
    </Empty>
  );
}

interface CancelProps {
  readonly command: CommandRecord;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function CancelDialog({ command, onDone, onClose }: CancelProps) {
  const api = useApi();
  const { command_id, device_id } = command;
  const cancel = () => api.send("POST", "/command/cancel", { body: { command_id, device_id } }).then(onDone);
  return (
    <ConfirmDialog
      title={`Cancel “${commandText(command)}” of ${device_id}?`}
      confirm="Cancel this command"
      danger
      onConfirm={cancel}
      onClose={onClose}
    >
      <p>The device will not get it any more. What it has begun cannot be taken back.</p>
    </ConfirmDialog>
  );
}
