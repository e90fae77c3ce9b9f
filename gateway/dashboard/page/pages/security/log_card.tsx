import { useState } from "preact/hooks";
import { useResource } from "../../api/resource.ts";
import type { LoggedRequest, SecurityLog } from "../../api/views.ts";
import { Badge } from "../../components/badge.tsx";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/notice.tsx";
import { Card } from "../../components/page.tsx";
import { PagerButtons, usePager } from "../../components/pager.tsx";
import { type Column, DataTable } from "../../components/table.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { REASONS } from "./reasons.ts";

const PAGE = 25;

/** The requests of devices that were validated; those that were refused first of all. */
export function LogCard({ devices }: { readonly devices: readonly string[] }) {
  const [device, setDevice] = useState("");
  const [outcome, setOutcome] = useState("refused");
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (device !== "") query.set("device_id", device);
  if (outcome !== "") query.set("outcome", outcome);
  const pager = usePager<number>(String(query));
  if (pager.before !== undefined) query.set("before", String(pager.before));
  const log = useResource<SecurityLog>(`/security/log?${query}`, { on: ["log"], every: 15_000, stays: true });
  const filters = (
    <>
      <select aria-label="Device" value={device} onChange={(event) => setDevice(event.currentTarget.value)}>
        <option value="">All devices</option>
        {devices.map((id) => <option key={id}>{id}</option>)}
      </select>
      <select aria-label="Outcome" value={outcome} onChange={(event) => setOutcome(event.currentTarget.value)}>
        <option value="refused">All refused</option>
        <option value="">Accepted and refused</option>
        {Object.entries(REASONS).map(([name, text]) => <option key={name} value={name}>{text}</option>)}
      </select>
    </>
  );
  return (
    <Card title="Log" actions={filters}>
      <Loaded resource={log}>
        {({ log: entries }) => (
          <DataTable
            caption="Validated requests, the newest first"
            columns={COLUMNS}
            rows={entries}
            rowKey={({ id }) => id}
            empty={<NothingFits outcome={outcome} device={device} />}
          />
        )}
      </Loaded>
      <PagerButtons pager={pager} next={log.isOwn ? log.value?.next : undefined} />
    </Card>
  );
}

const COLUMNS: readonly Column<LoggedRequest>[] = [
  { title: "When", cell: ({ timestamp }) => <RelativeTime at={Date.parse(timestamp)} /> },
  { title: "Device", cell: ({ device_id }) => device_id ?? <span class="faint">none named</span> },
  {
    title: "Outcome",
    cell: ({ valid, reason, message }) => (
      <Badge
        tone={valid ? "good" : "bad"}
        text={REASONS[reason]}
        title={message}
      />
    ),
  },
  { title: "Why", wide: true, cell: ({ message }) => message },
  { title: "From", wide: true, cell: ({ address }) => address },
  { title: "Path", wide: true, cell: ({ path }) => <code>{path}</code> },
  { title: "Number", wide: true, number: true, cell: ({ sequence }) => sequence ?? "" },
];

function NothingFits({ outcome, device }: { readonly outcome: string; readonly device: string }) {
  if (outcome === "" && device === "") {
    return (
      <Empty title="No device has asked yet">
        <p>
          <code>ecowatt device add NAME</code> registers one and tells its key.
        </p>
      </Empty>
    );
  }
  if (outcome !== "refused") return <Empty title="No request fits the filter" />;
  return (
    <Empty title={device === "" ? "Nothing was refused" : `Nothing of ${device} was refused`}>
      <p>Choose “Accepted and refused” to see every request.</p>
    </Empty>
  );
}
