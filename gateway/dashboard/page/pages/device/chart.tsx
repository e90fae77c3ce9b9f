import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { quantity } from "../../components/quantity_text.ts";
import { absoluteTime } from "../../components/time_text.ts";
import { axisTexts, rangeOf } from "./axis.ts";
import { type Curve, summaryOf } from "./curve.ts";

/** As high as looks right for its width. */
function sizeOf({ clientWidth: width }: HTMLElement): { readonly width: number; readonly height: number } {
  return { width, height: width < 500 ? 260 : 350 };
}

/** Fewer points than that are drawn as points too: a line needs two. */
const FEW = 40;
const DAY = "\n{D} {MMM}";
const YEAR = "\n{YYYY}";
/** 24 hours, whatever the language: from the distance of two ticks in seconds, how they are written. */
const TIMES: uPlot.Axis.Values = [
  [31_536_000, "{YYYY}", null, null, null, null, null, null, 1],
  [2_419_200, "{MMM}", YEAR, null, null, null, null, null, 1],
  [86_400, "{D} {MMM}", YEAR, null, null, null, null, null, 1],
  [60, "{HH}:{mm}", DAY, null, DAY, null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", DAY, null, DAY, null, null, null, 1],
];

/** A chart of a curve, in the colours of the theme and as wide as there is room. */
export function Chart({ curve, title }: { readonly curve: Curve; readonly title: string }) {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  useEffect(() => {
    const host = element.current;
    if (host === null) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(curve, host), dataOf(curve), host);
    };
    draw();
    const resize = new ResizeObserver(() => plot.current?.setSize(sizeOf(host)));
    resize.observe(host);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    addEventListener("ecowatt-theme", draw);
    return () => {
      resize.disconnect();
      dark.removeEventListener("change", draw);
      removeEventListener("ecowatt-theme", draw);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [curve.unit, curve.isSummed, title, curve.times.length < FEW]);
  useEffect(() => {
    plot.current?.setData(dataOf(curve), false);
    plot.current?.setScale("x", { min: curve.fromS, max: curve.toS });
  }, [curve]);
  return <div ref={element} class="chart" role="img" aria-label={summaryOf(curve, title)} />;
}

function dataOf({ times, values, lows, highs, isSummed }: Curve): uPlot.AlignedData {
  const line: [number[], (number | null)[]] = [[...times], [...values]];
  return isSummed ? [...line, [...highs], [...lows]] : line;
}

function optionsOf({ unit, isSummed, fromS, toS, times }: Curve, host: HTMLElement): uPlot.Options {
  const style = getComputedStyle(host);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const accent = colour("accent");
  const axis: uPlot.Axis = {
    stroke: colour("faint"),
    grid: { stroke: colour("line"), width: 1 },
    ticks: { stroke: colour("line"), width: 1 },
    font: "12px system-ui, sans-serif",
  };
  const value = told((raw) => quantity(raw, unit).join(" "));
  const edge: uPlot.Series = { stroke: "transparent", width: 0, points: { show: false }, value };
  const band = { series: [2, 3] as [number, number], fill: `color-mix(in srgb, ${accent} 20%, transparent)` };
  return {
    ...sizeOf(host),
    scales: { x: { min: fromS, max: toS }, y: { range: (_, low, high) => [...rangeOf(low, high, unit)] } },
    axes: [{ ...axis, values: TIMES }, { ...axis, size: 68, values: (_, ticks) => [...axisTexts(ticks, unit)] }],
    legend: { live: true },
    cursor: { points: { size: 7 } },
    series: [
      { label: "Time", value: told((seconds) => absoluteTime(1_000 * seconds)) },
      { label: isSummed ? "Mean" : "Value", stroke: accent, width: 1.75, points: { show: times.length < FEW }, value },
      ...(isSummed ? [{ ...edge, label: "Most" }, { ...edge, label: "Least" }] : []),
    ],
    ...(isSummed ? { bands: [band] } : {}),
  };
}

/** What the legend says where somebody points, and of the newest while nobody does. */
function told(text: (value: number) => string) {
  return (plot: uPlot, raw: number | null, series: number, at: number | null) => {
    const newest = plot.data[1]?.findLastIndex((value) => value !== null) ?? -1;
    const value = at === null ? plot.data[series]?.[newest] : raw;
    return value === null || value === undefined ? "–" : text(value);
  };
}
