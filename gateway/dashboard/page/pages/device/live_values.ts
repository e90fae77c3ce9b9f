import { useEffect, useState } from "preact/hooks";
import { type Resource, useResource } from "../../api/resource.ts";
import type { Latest, LatestValue } from "../../api/views.ts";
import { type SampleEvent, useEvent } from "../../live.ts";

/** The newest values of a device, moved on by every sample that comes. */
export interface LiveValues {
  readonly resource: Resource<Latest>;
  readonly values: readonly LatestValue[] | undefined;
}

export function useLiveValues(id: string): LiveValues {
  const resource = useResource<Latest>(`/api/v1/devices/${encodeURIComponent(id)}/latest`, { every: 60_000 });
  const [values, setValues] = useState<readonly LatestValue[]>();
  useEffect(() => setValues(resource.value?.values), [resource.value]);
  useEvent("sample", (event) => {
    if (event.device_id !== id) return;
    const isKnown = values?.some(({ inverter }) => inverter === event.inverter) ?? true;
    if (isKnown) setValues((known) => known?.map((value) => withSample(value, event)));
    else resource.reload();
  });
  return { resource, values };
}

const QUALITIES: readonly LatestValue["quality"][] = ["exact", "estimated", "lossy", "provisional"];

function withSample(known: LatestValue, { inverter, time_ms, values, quality }: Partial<SampleEvent>): LatestValue {
  const value = values?.[known.register];
  if (inverter !== known.inverter || value === undefined || time_ms === undefined) return known;
  return { ...known, value, time_ms, quality: QUALITIES.find((name) => name === quality) ?? known.quality };
}
