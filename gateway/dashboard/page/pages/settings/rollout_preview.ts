import { useEffect, useState } from "preact/hooks";
import { messageOf } from "../../api/client.ts";
import type { RolloutPreview } from "../../api/views.ts";
import { useApi } from "../../session.tsx";

/** Rollouts of settings. */
export const ROLLOUTS = "/api/v1/settings/rollouts";

/** Time in which more devices are chosen before the gateway is asked. */
const CALM_MS = 250;

/** What would change on each of the chosen devices, as far as it is known. */
export interface Preview {
  /** `undefined` while it is asked for; none, while nothing is chosen. */
  readonly devices: RolloutPreview["devices"] | undefined;
  readonly problem: string | undefined;
}

/** Asks the gateway what a rollout would do; again whenever it is planned otherwise. */
export function useRolloutPreview(plan: object, devices: readonly string[]): Preview {
  const api = useApi();
  const body = JSON.stringify({ ...plan, devices });
  const [known, setKnown] = useState<Preview & { readonly of: string }>();
  useEffect(() => {
    if (devices.length === 0) return;
    const stop = new AbortController();
    const ask = async () => {
      try {
        const options = { body: JSON.parse(body), signal: stop.signal };
        const found = await api.send<RolloutPreview>("POST", `${ROLLOUTS}/preview`, options);
        setKnown({ of: body, devices: found.devices, problem: undefined });
      } catch (error) {
        if (!stop.signal.aborted) setKnown({ of: body, devices: undefined, problem: messageOf(error) });
      }
    };
    const timer = setTimeout(ask, CALM_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [body, api]);
  if (devices.length === 0) return { devices: [], problem: undefined };
  return known?.of === body ? known : { devices: undefined, problem: undefined };
}
