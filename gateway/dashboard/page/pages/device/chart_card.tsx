import { useEffect, useMemo, useState } from "preact/hooks";
import { useResource } from "../../api/resource.ts";
import type { Device, Latest, Samples } from "../../api/views.ts";
import { Empty } from "../../components/empty.tsx";
import { Notice } from "../../components/notice.tsx";
import { Card } from "../../components/page.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { Chart } from "./chart.tsx";
import { ChartTable } from "./chart_table.tsx";
import { type Curve, curveOf } from "./curve.ts";
import { type Range, rangeFor, RANGES, startOf } from "./range.ts";

/** A register over time, as a chart or as a table. */
export function ChartCard({ id, device }: { readonly id: string; readonly device: Device }) {
  const base = `/api/v1/devices/${encodeURIComponent(id)}`;
  const latest = useResource<Latest>(`${base}/latest`, { every: 300_000 });
  const choices = useMemo(() => choicesOf(latest.value), [latest.value]);
  const [range, setRange] = useState<Range>(() => rangeFor(device, Date.now()));
  const [key, setKey] = useState<string>();
  const [asTable, setAsTable] = useState(false);
  const choice = choices.find((one) => one.key === key) ?? choices[0];
  const { curve, problem } = useCurve(base, choice, range);
  const title = choice === undefined ? "" : `${choice.label}, ${RANGES[range].title}`;
  return (
    <Card
      title="Over time"
      actions={
        <>
          <select aria-label="Register" value={choice?.key} onChange={(event) => setKey(event.currentTarget.value)}>
            {choices.map((one) => <option key={one.key} value={one.key}>{one.label}</option>)}
          </select>
          <button type="button" class="toggle" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
            Table
          </button>
          <RangeTabs range={range} onRange={setRange} />
        </>
      }
    >
      {problem !== undefined && <Notice tone="bad">{problem}</Notice>}
      <div class="chart-space">
        {curve === undefined
          ? choices.length === 0 && latest.value
            ? <Empty title="No sample has come yet" />
            : <p class="loading">Loading…</p>
          : curve.times.length === 0
          ? <NoSamples range={range} device={device} />
          : asTable
          ? <ChartTable curve={curve} title={title} />
          : <Chart curve={curve} title={title} />}
      </div>
    </Card>
  );
}

function NoSamples({ range, device }: { readonly range: Range; readonly device: Device }) {
  return (
    <Empty title={`No samples in the ${RANGES[range].title}`}>
      {device.last_sample_ms !== null && (
        <p>
          The newest one was taken <RelativeTime at={device.last_sample_ms} />.
        </p>
      )}
    </Empty>
  );
}

interface Choice {
  readonly key: string;
  readonly label: string;
  readonly inverter: string;
  readonly register: string;
  readonly unit: string;
}

/** Every register of every inverter; the power first, which is what people look for. */
function choicesOf(latest: Latest | undefined): readonly Choice[] {
  const values = latest?.values ?? [];
  const several = new Set(values.map(({ inverter }) => inverter)).size > 1;
  const choices = values.map(({ inverter, register, unit }) => ({
    key: `${inverter} ${register}`,
    label: `${several ? `${inverter}: ` : ""}${register}${unit === "" ? "" : ` (${unit})`}`,
    ...{ inverter, register, unit },
  }));
  const isPower = ({ register, unit }: Choice) => unit === "W" && /^(Pac|\d+\.W)$/.test(register);
  return [...choices.filter(isPower), ...choices.filter((choice) => !isPower(choice))];
}

/** The samples of a choice; the last curve stays until the next one is there. */
function useCurve(base: string, choice: Choice | undefined, range: Range) {
  const { everyMs, resolution } = RANGES[range];
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => document.visibilityState === "visible" && setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  const query = new URLSearchParams({
    inverter: choice?.inverter ?? "",
    registers: choice?.register ?? "",
    from: String(startOf(range, now)),
    to: String(now),
    resolution,
    limit: "10000",
  });
  const { value, problem } = useResource<Samples>(choice && `${base}/samples?${query}`);
  const [shown, setShown] = useState<{ readonly of: string; readonly curve: Curve }>();
  const of = `${choice?.key} ${range}`;
  useEffect(() => {
    if (value && choice) setShown({ of, curve: curveOf(value, choice) });
  }, [value]);
  return { curve: shown?.of === of ? shown.curve : undefined, problem: problem?.message };
}

function RangeTabs({ range, onRange }: { readonly range: Range; readonly onRange: (range: Range) => void }) {
  const names: readonly Range[] = ["1h", "24h", "7d", "30d", "1y"];
  return (
    <div class="tabs" role="group" aria-label="Range of time">
      {names.map((name) => (
        <button key={name} type="button" aria-pressed={name === range} onClick={() => onRange(name)}>
          {RANGES[name].short}
        </button>
      ))}
    </div>
  );
}
