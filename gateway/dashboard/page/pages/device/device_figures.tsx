import { useResource } from "../../api/resource.ts";
import type { DeviceEnergy, DeviceState, Power } from "../../api/views.ts";
import { notCountedText } from "../../components/energy_today.tsx";
import { Quantity } from "../../components/quantity.tsx";
import { dayOf } from "../../components/time_text.ts";
import { Figure } from "../overview/figures.tsx";
import type { LiveValues } from "./live_values.ts";

interface Props {
  readonly id: string;
  readonly state: DeviceState;
  readonly live: LiveValues;
  readonly energy: DeviceEnergy | undefined;
}

/** Power and energy of one device. */
export function DeviceFigures({ id, state, live, energy }: Props) {
  const power = usePower(id, live);
  const isKnown = state === "ok" || state === "asleep";
  return (
    <dl class="figures">
      <Figure title="Power now" note={state === "ok" ? "" : state === "asleep" ? "Asleep" : `Not known: ${state}`}>
        <Quantity
          value={isKnown ? (state === "asleep" ? 0 : power) : undefined}
          unit="W"
          unknown={`Not known: ${state}`}
        />
      </Figure>
      <Figure title="Energy today" note={energy && todayNote(energy)}>
        <Quantity value={energy?.today_wh} unit="Wh" unknown="Not known of each inverter" />
      </Figure>
      <Figure title="Energy of all time" note={energy && sourcesOf(energy)}>
        <Quantity value={energy?.lifetime_wh} unit="Wh" unknown="Not known of each inverter" />
      </Figure>
    </dl>
  );
}

/** The sum of what its inverters give, as live as the values are; the gateway knows which registers tell it. */
function usePower(id: string, { values }: LiveValues): number | undefined {
  const { value: power } = useResource<Power>("/api/v1/power", { every: 60_000 });
  const inverters = power?.devices.find(({ device_id }) => device_id === id)?.inverters ?? [];
  if (inverters.length === 0) return undefined;
  return inverters.reduce((sum, { inverter, register, power_w }) => {
    const live = values?.find((one) => one.inverter === inverter && one.register === register);
    return sum + (live?.value ?? power_w);
  }, 0);
}

/** The day, and what is not counted of it. */
function todayNote({ time_zone, today_not_counted_wh: notCounted }: DeviceEnergy): string {
  return [dayOf(time_zone, Date.now()), notCountedText(notCounted)].filter((text) => text !== "").join(", ");
}

function sourcesOf({ inverters }: DeviceEnergy): string {
  const sources = new Set(inverters.map(({ source }) => source));
  if (sources.size === 0) return "";
  if (sources.size > 1) return "Counted or computed, by inverter";
  return sources.has("counter") ? "The inverter's own counter" : "Computed from its power";
}
