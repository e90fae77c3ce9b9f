import { useState } from "preact/hooks";
import type { Template } from "../../api/views.ts";
import { useAnnounce } from "../../components/announce.tsx";
import { DeviceChoice } from "../../components/device_choice.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { SelectField } from "../../components/field.tsx";
import { useApi } from "../../session.tsx";
import { summaryOf } from "./draft.ts";
import { PreviewTable } from "./preview_table.tsx";
import { ROLLOUTS, useRolloutPreview } from "./rollout_preview.ts";

interface Props {
  readonly template: Template;
  readonly devices: readonly string[];
  readonly onStarted: () => void;
  readonly onClose: () => void;
}

/** Seconds in good health after which the rest follow. */
const HEALTHY_S = 600;

/** Applies a template to many devices, once it is plain what changes on each. */
export function ApplyTemplate({ template: { name, settings }, devices, onStarted, onClose }: Props) {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [isCareful, setCareful] = useState(false);
  const api = useApi();
  const announce = useAnnounce();
  // In the order of the list, whatever the order of choosing: so it is plain who goes first.
  const names = devices.filter((id) => chosen.includes(id));
  const plan = {
    template: name,
    ...(isCareful && names.length > 1 ? { canary: { devices: 1, healthy_for_s: HEALTHY_S } } : {}),
  };
  const preview = useRolloutPreview(plan, names);
  const ready = preview.devices?.filter(({ refusals }) => refusals.length === 0).map(({ device_id }) => device_id) ??
    [];
  const many = ready.length === 1 ? ready[0] : `${ready.length} devices`;
  const start = async () => {
    await api.send("POST", ROLLOUTS, { body: { ...plan, devices: ready } });
    announce.done(`Template ${name} is set for ${many}`);
    onStarted();
  };
  return (
    <ConfirmDialog
      title={`Apply the template ${name}?`}
      confirm={ready.length === 0 ? "Apply" : `Apply to ${many}`}
      disabled={ready.length === 0}
      wide
      onConfirm={start}
      onClose={onClose}
    >
      <p>It sets: {summaryOf(settings)}. What it does not name stays as it is on each device.</p>
      <DeviceChoice devices={devices} chosen={chosen} onChoose={setChosen} />
      {names.length > 1 && (
        <SelectField
          label="How"
          hint={isCareful ? "If it does not stay healthy, it is put back" : undefined}
          value={isCareful ? "careful" : "all"}
          onValue={(value) => setCareful(value === "careful")}
          options={[
            ["all", "All at once"],
            ["careful", `${ready[0] ?? names[0]} first, the others after ${HEALTHY_S / 60} minutes in good health`],
          ]}
        />
      )}
      <PreviewTable preview={preview} />
    </ConfirmDialog>
  );
}
