import { TextField } from "../../components/field.tsx";
import { type Draft, LABELS, namesOf, type SettingKey } from "./draft.ts";

interface Props {
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
  readonly problems: Partial<Record<SettingKey, string>>;
  /** Names of registers to choose from. */
  readonly known: readonly string[];
}

const HINTS: Record<SettingKey, string> = {
  poll_interval_s: "Seconds, 0.1 to 3600. Empty: left to the device",
  upload_interval_s: "Seconds, 1 to 86400. Empty: left to the device",
  registers: "Names, separated by commas. Empty: left to the device",
};

/** The fields of settings. */
export function SettingsFields({ draft, onDraft, problems, known }: Props) {
  const chosen = namesOf(draft.registers);
  const toggle = (name: string) => {
    const names = chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name];
    onDraft({ ...draft, registers: names.join(", ") });
  };
  const seconds = (key: "poll_interval_s" | "upload_interval_s") => (
    <TextField
      label={LABELS[key]}
      hint={HINTS[key]}
      problem={problems[key]}
      inputMode="decimal"
      autocomplete="off"
      value={draft[key]}
      onValue={(value) => onDraft({ ...draft, [key]: value })}
    />
  );
  return (
    <div class="fields">
      {seconds("poll_interval_s")}
      {seconds("upload_interval_s")}
      <div>
        <TextField
          label={LABELS.registers}
          hint={HINTS.registers}
          problem={problems.registers}
          autocomplete="off"
          spellcheck={false}
          value={draft.registers}
          onValue={(registers) => onDraft({ ...draft, registers })}
        />
        {known.length > 0 && (
          <div class="chips" role="group" aria-label="Known registers">
            {known.map((name) => (
              <button
                key={name}
                type="button"
                aria-pressed={chosen.includes(name)}
                onClick={() => toggle(name)}
              >
                {name}
              </button>
            ))}
          </div>
        )}
      </div>
    </div>
  );
}
