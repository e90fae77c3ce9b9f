import { useState } from "preact/hooks";

interface Props {
  readonly devices: readonly string[];
  readonly chosen: readonly string[];
  readonly onChoose: (chosen: readonly string[]) => void;
}

/** Devices that fit on a screen without looking for them. */
const FEW = 12;

/** Which devices something is for. */
export function DeviceChoice({ devices, chosen, onChoose }: Props) {
  const [filter, setFilter] = useState("");
  const shown = devices.filter((id) => id.toLowerCase().includes(filter.trim().toLowerCase()));
  // Those that are chosen stay the first: what the form shows is what the first one can.
  const all = [...chosen.filter((id) => shown.includes(id)), ...shown.filter((id) => !chosen.includes(id))];
  const toggle = (id: string) =>
    onChoose(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id]);
  return (
    <fieldset class="choice">
      <legend>Devices</legend>
      {devices.length > FEW && (
        <input
          type="search"
          aria-label="Find a device"
          placeholder="Find…"
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
      )}
      <div class="choices">
        {shown.map((id) => (
          <label key={id}>
            <input type="checkbox" checked={chosen.includes(id)} onChange={() => toggle(id)} /> {id}
          </label>
        ))}
      </div>
      {devices.length > 1 && (
        <div class="actions">
          <button type="button" class="quiet" onClick={() => onChoose(all)}>
            {filter === "" ? `All ${shown.length}` : `All ${shown.length} found`}
          </button>
          <button type="button" class="quiet" onClick={() => onChoose([])}>None</button>
        </div>
      )}
    </fieldset>
  );
}
