import { useState } from "preact/hooks";
import type { Device, Firmware } from "../../api/views.ts";
import { useAnnounce } from "../../components/announce.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { SelectField, TextField } from "../../components/field.tsx";
import { Notice } from "../../components/notice.tsx";
import { useApi } from "../../session.tsx";
import { DeviceChoice } from "../../components/device_choice.tsx";
import { nameOf } from "./images_card.tsx";

interface Props {
  readonly firmware: Firmware;
  readonly devices: readonly Device[];
  readonly onStarted: () => void;
  readonly onClose: () => void;
}

/** Ways to begin with few. */
const WAVES = {
  careful: { text: "One device, then a tenth, then all", waves: [{ size: 1 }, { size: "10%" }] },
  tenth: { text: "A tenth, then all", waves: [{ size: "10%" }] },
  all: { text: "All at once", waves: [] },
} as const;
type WaveChoice = keyof typeof WAVES;

/** What the fields hold. */
interface Plan {
  readonly waves: WaveChoice;
  readonly pauseAfter: string;
  readonly window: string;
}

/** Plans a rollout of an image and starts it. */
export function NewRollout({ firmware, devices, onStarted, onClose }: Props) {
  const fitting = devices.filter(({ model }) => model === firmware.model).map(({ device_id }) => device_id);
  const [chosen, setChosen] = useState<readonly string[]>(fitting);
  const [plan, setPlan] = useState<Plan>({ waves: "careful", pauseAfter: "1", window: "" });
  const api = useApi();
  const announce = useAnnounce();
  const start = async () => {
    await api.send("POST", "/api/v1/rollouts", { body: bodyOf(firmware, chosen, plan) });
    announce.done(`The rollout of ${nameOf(firmware)} has started`);
    onStarted();
  };
  return (
    <ConfirmDialog
      title={`Roll out ${nameOf(firmware)}?`}
      confirm={chosen.length === 1 ? `Start for ${chosen[0]}` : `Start for ${chosen.length} devices`}
      disabled={chosen.length === 0}
      onConfirm={start}
      onClose={onClose}
    >
      {fitting.length === 0
        ? <Notice tone="warn">No device of the model {firmware.model} is registered.</Notice>
        : <DeviceChoice devices={fitting} chosen={chosen} onChoose={setChosen} />}
      <PlanFields plan={plan} onPlan={setPlan} />
      <p>Devices that do not come up with the new image go back to the old one by themselves.</p>
    </ConfirmDialog>
  );
}

function bodyOf({ model, version }: Firmware, devices: readonly string[], { waves, pauseAfter, window }: Plan) {
  const failures = Number(pauseAfter);
  return {
    model,
    version,
    devices,
    waves: devices.length > 1 ? WAVES[waves].waves : [],
    ...(failures > 0 ? { pause_after: failures } : {}),
    ...(window.trim() === "" ? {} : { window: window.trim() }),
  };
}

function PlanFields({ plan, onPlan }: { readonly plan: Plan; readonly onPlan: (plan: Plan) => void }) {
  return (
    <div class="fields">
      <SelectField
        label="Waves"
        hint="Each waits until the one before is updated"
        value={plan.waves}
        onValue={(text) => onPlan({ ...plan, waves: waveChoice(text) })}
        options={Object.entries(WAVES).map(([name, { text }]) => [name, text])}
      />
      <TextField
        label="Pause after failures"
        hint="Devices that failed for good; 0: never"
        type="number"
        min={0}
        value={plan.pauseAfter}
        onValue={(pauseAfter) => onPlan({ ...plan, pauseAfter })}
      />
      <TextField
        label="Window"
        hint="Time of day in UTC, such as 22:00-04:30; empty: any"
        value={plan.window}
        onValue={(window) => onPlan({ ...plan, window })}
      />
    </div>
  );
}

function waveChoice(text: string): WaveChoice {
  return text === "all" || text === "tenth" ? text : "careful";
}
