import type { ComponentChildren } from "preact";
import type { Device, FleetEnergy, Power } from "../../api/views.ts";
import { STATES } from "../../components/device_state.tsx";
import { dayOf } from "../../components/time_text.ts";
import { notCountedText } from "../../components/energy_today.tsx";
import { Quantity } from "../../components/quantity.tsx";

interface Props {
  readonly power: Power | undefined;
  readonly energy: FleetEnergy | undefined;
  readonly devices: readonly Device[] | undefined;
}

const NO_POWER = "No device tells its power now";
const NO_ENERGY = "No device told of its energy yet";

/** The few numbers that people look for. Their places are kept while they are not known. */
export function Figures({ power, energy, devices }: Props) {
  return (
    <dl class="figures">
      <Figure title="Power now" note={power && (power.power_w === null ? NO_POWER : without(power.unknown))}>
        <Quantity value={power?.power_w} unit="W" unknown={NO_POWER} />
      </Figure>
      <Figure
        title="Energy today"
        note={energy && (energy.today_wh === null ? NO_ENERGY : todayNote(energy))}
      >
        <Quantity value={energy?.today_wh} unit="Wh" unknown={NO_ENERGY} />
      </Figure>
      <Figure
        title="Energy of all time"
        note={energy && (energy.lifetime_wh === null ? NO_ENERGY : without(energy.unknown))}
      >
        <Quantity value={energy?.lifetime_wh} unit="Wh" unknown={NO_ENERGY} />
      </Figure>
      <Figure title="Devices" note={devices && countsOf(devices)}>{devices?.length ?? "–"}</Figure>
    </dl>
  );
}

function todayNote(energy: FleetEnergy): string {
  const day = [dayOf(energy.time_zone, Date.now()), notCountedText(energy.today_not_counted_wh)];
  const isTold = (text: string) => text !== "";
  return [day.filter(isTold).join(", "), without(unknownToday(energy))].filter(isTold).join(". ");
}

function unknownToday({ devices }: FleetEnergy): readonly string[] {
  return devices.filter(({ today_wh }) => today_wh === null).map(({ device_id }) => device_id);
}

/** A sum without everyone in it says so. */
function without(unknown: readonly string[]): string {
  if (unknown.length === 0) return "";
  const [first = "", second = ""] = unknown;
  if (unknown.length <= 2) return `Without ${[first, second].filter(Boolean).join(" and ")}: not known`;
  return `Without ${unknown.length} devices: not known`;
}

function countsOf(devices: readonly Device[]): string {
  return STATES.flatMap((state) => {
    const count = devices.filter((device) => device.state === state).length;
    return count === 0 ? [] : `${count} ${state}`;
  }).join(", ");
}

/** A number under its name. */
export function Figure(
  { title, note, children }: {
    readonly title: string;
    readonly note?: string | undefined;
    readonly children: ComponentChildren;
  },
) {
  return (
    <div class="figure">
      <dt>{title}</dt>
      <dd>
        {children}
        <span class="note">{note || " "}</span>
      </dd>
    </div>
  );
}
