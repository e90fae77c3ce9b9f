import { Field } from "../../components/field.tsx";
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
        <Field label="Priority">
          {(attributes) => (
            <select
              {...attributes}
              value={draft.priority}
              onChange={(event) => onDraft({ ...draft, priority: event.currentTarget.value })}
            >
              {PRIORITIES.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
            </select>
          )}
        </Field>
        <Field label="Not before" hint="Your local time">
          {(attributes) => (
            <input
              {...attributes}
              type="datetime-local"
              value={draft.notBefore}
              onInput={(event) => onDraft({ ...draft, notBefore: event.currentTarget.value })}
            />
          )}
        </Field>
        <Field label="Expires" hint="Not executed from then on">
          {(attributes) => (
            <select
              {...attributes}
              value={draft.expiresIn}
              onChange={(event) => onDraft({ ...draft, expiresIn: event.currentTarget.value })}
            >
              {LIVES.map(([hours, text]) => <option key={hours} value={hours}>{text}</option>)}
            </select>
          )}
        </Field>
      </div>
    </details>
  );
}
