import { useState } from "preact/hooks";
import { useResource } from "../../api/resource.ts";
import type { LoggedRequest, SecurityLog } from "../../api/views.ts";
import { Badge } from "../../components/badge.tsx";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/notice.tsx";
import { Card } from "../../components/page.tsx";
import { type Column, DataTable } from "../../components/table.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { REASONS } from "./reasons.ts";

const PAGE = 25;
/** What the gateway tells at most. */
const MOST = 1_000;

/** The newest requests of devices that were validated; those that were refused first of all. */
export function LogCard({ devices }: { readonly devices: readonly string[] }) {
  const [device, setDevice] = useState("");
  const [reason, setReason] = useState("refused");
  const [pages, setPages] = useState(1);
  const query = new URLSearchParams({ limit: String(MOST), ...(device === "" ? {} : { device_id: device }) });
  const log = useResource<SecurityLog>(`/security/log?${query}`, { on: ["log"], every: 15_000 });
  const filters = (
    <>
      <select aria-label="Device" value={device} onChange={(event) => setDevice(event.currentTarget.value)}>
        <option value="">All devices</option>
        {devices.map((id) => <option key={id}>{id}</option>)}
      </select>
      <select aria-label="Outcome" value={reason} onChange={(event) => setReason(event.currentTarget.value)}>
        <option value="refused">All refused</option>
        <option value="">Accepted and refused</option>
        {Object.entries(REASONS).map(([name, text]) => <option key={name} value={name}>{text}</option>)}
      </select>
    </>
  );
  return (
    <Card title="Log" actions={filters}>
      <Loaded resource={log}>
        {({ log: entries }) => {
          const found = entries.filter((entry) => fits(entry, reason));
          return (
            <>
              <DataTable
                caption="Validated requests, the newest first"
                columns={COLUMNS}
                rows={found.slice(0, PAGE * pages)}
                rowKey={(entry) =>
                  `${entry.timestamp} ${entry.device_id} ${entry.sequence} ${entry.path} ${entry.reason}`}
                empty={<NothingFits reason={reason} read={entries.length} />}
              />
              {found.length > PAGE * pages && (
                <div class="actions">
                  <button type="button" onClick={() => setPages(pages + 1)}>Show older ones</button>
                </div>
              )}
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}

function fits(entry: LoggedRequest, reason: string): boolean {
  return reason === "" || (reason === "refused" ? !entry.valid : entry.reason === reason);
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

function NothingFits({ reason, read }: { readonly reason: string; readonly read: number }) {
  if (read === 0) {
    return (
      <Empty title="No device has asked yet">
        <p>
          <code>ecowatt device add NAME</code> registers one and tells its key.
        </p>
      </Empty>
    );
  }
  return <Empty title={reason === "refused" ? "Nothing was refused lately" : "No request fits the filter"} />;
}
