import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** What a field gives to its control. */
interface ControlAttributes {
  readonly id: string;
  readonly "aria-describedby"?: string;
  readonly "aria-invalid"?: true;
}

interface Props {
  readonly label: string;
  /** Limits and unit, before anything is wrong. */
  readonly hint?: string | undefined;
  /** What is wrong with it. */
  readonly problem?: string | undefined;
  readonly children: (attributes: ControlAttributes) => ComponentChildren;
}

/** A control with its label, its hint, and what the gateway has against it. */
export function Field({ label, hint, problem, children }: Props) {
  const id = useId();
  const describedBy = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ");
  const attributes: ControlAttributes = {
    id,
    ...(describedBy === "" ? {} : { "aria-describedby": describedBy }),
    ...(problem ? { "aria-invalid": true } : {}),
  };
  return (
    <div class={problem ? "field invalid" : "field"}>
      <label for={id}>{label}</label>
      {children(attributes)}
      {hint && <span class="hint" id={`${id}-hint`}>{hint}</span>}
      {problem && <span class="problem" id={`${id}-problem`} role="alert">{problem}</span>}
    </div>
  );
}

interface ValueProps extends Omit<Props, "children"> {
  readonly value: string;
  readonly onValue: (value: string) => void;
}

/** What a text field says of its input besides. */
type TextInput =
  | {
    readonly type?: "text";
    readonly inputMode?: "decimal";
    readonly autocomplete?: "off";
    readonly spellcheck?: boolean;
    readonly required?: boolean;
    readonly maxLength?: number;
  }
  | { readonly type: "number"; readonly min: number }
  | { readonly type: "datetime-local" };

/** A line of text, a number, or a date and a time. */
export function TextField({ label, hint, problem, value, onValue, ...input }: ValueProps & TextInput) {
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(attributes) => (
        <input
          {...attributes}
          {...input}
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface SelectProps extends ValueProps {
  /** Value and text of each. */
  readonly options: readonly (readonly [value: string, text: string])[];
}

/** One of a few. */
export function SelectField({ value, onValue, options, ...field }: SelectProps) {
  return (
    <Field {...field}>
      {(attributes) => (
        <select {...attributes} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
          {options.map(([one, text]) => <option key={one} value={one}>{text}</option>)}
        </select>
      )}
    </Field>
  );
}

interface FileProps extends Omit<Props, "children"> {
  /** What the browser offers first: `.json`. */
  readonly accept?: string;
  readonly onFile: (file: File | undefined) => void;
}

/** A file of the reader's machine. */
export function FileField({ accept, onFile, ...field }: FileProps) {
  return (
    <Field {...field}>
      {(attributes) => (
        <input
          {...attributes}
          type="file"
          {...(accept === undefined ? {} : { accept })}
          onChange={(event) => onFile(event.currentTarget.files?.[0])}
        />
      )}
    </Field>
  );
}
