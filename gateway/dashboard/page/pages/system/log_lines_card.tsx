import { useState } from "preact/hooks";
import { useResource } from "../../api/resource.ts";
import type { LogLines } from "../../api/views.ts";
import { Badge, type Tone } from "../../components/badge.tsx";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/notice.tsx";
import { Card } from "../../components/page.tsx";
import { type Column, DataTable } from "../../components/table.tsx";
import { AbsoluteTime } from "../../components/time.tsx";

type Line = LogLines["entries"][number];

const TONE: Record<Line["level"], Tone> = {
  trace: "calm",
  debug: "calm",
  info: "calm",
  warning: "warn",
  error: "bad",
  fatal: "bad",
};

const COLUMNS: readonly Column<Line>[] = [
  { title: "When", cell: ({ time_ms }) => <AbsoluteTime at={time_ms} /> },
  { title: "Level", cell: ({ level }) => <Badge tone={TONE[level]} text={level} /> },
  { title: "Area", wide: true, cell: ({ area }) => area },
  { title: "Message", cell: ({ message }) => <span class="wrap">{message}</span> },
];

/** What the gateway's process has logged lately. */
export function LogLinesCard() {
  const [level, setLevel] = useState("info");
  const log = useResource<LogLines>(`/api/v1/system/log?limit=200&level=${level}`, { every: 5_000 });
  const choice = (
    <select aria-label="Level" value={level} onChange={(event) => setLevel(event.currentTarget.value)}>
      <option value="info">Everything</option>
      <option value="warning">Warnings and errors</option>
      <option value="error">Errors</option>
    </select>
  );
  return (
    <Card title="Log" actions={choice}>
      <Loaded resource={log}>
        {({ entries }) => (
          <DataTable
            caption="Lines of the log, the newest first"
            columns={COLUMNS}
            rows={entries}
            rowKey={({ time_ms, message }) => `${time_ms} ${message}`}
            empty={<Empty title="Nothing of that kind was logged since the gateway started" />}
          />
        )}
      </Loaded>
    </Card>
  );
}
