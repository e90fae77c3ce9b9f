import { SelectField, TextField } from "../../components/field.tsx";
import type { Draft } from "./draft.ts";

const PRIORITIES: readonly (readonly [value: string, text: string])[] = [
  ["9", "First (9)"],
  ["7", "High (7)"],
  ["5", "Normal (5)"],
  ["2", "Low (2)"],
];
const LIVES: readonly (readonly [hours: string, text: string])[] = [
  ["", "Never"],
  ["0.25", "In 15 minutes"],
  ["1", "In an hour"],
  ["24", "In a day"],
];

/** When a command goes, for those who care. */
export function WhenFields({ draft, onDraft }: { readonly draft: Draft; readonly onDraft: (draft: Draft) => void }) {
  return (
    <details>
      <summary>Order and time</summary>
      <div class="fields">
        <SelectField
          label="Priority"
          value={draft.priority}
          onValue={(priority) => onDraft({ ...draft, priority })}
          options={PRIORITIES}
        />
        <TextField
          label="Not before"
          hint="Your local time"
          type="datetime-local"
          value={draft.notBefore}
          onValue={(notBefore) => onDraft({ ...draft, notBefore })}
        />
        <SelectField
          label="Expires"
          hint="Not executed from then on"
          value={draft.expiresIn}
          onValue={(expiresIn) => onDraft({ ...draft, expiresIn })}
          options={LIVES}
        />
      </div>
    </details>
  );
}
