import type { InverterAbilities } from "../../api/views.ts";
import { SelectField, TextField } from "../../components/field.tsx";
import { type Draft, limitsText, type Problems, unitOf } from "./draft.ts";

interface Props {
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
  readonly problems: Problems;
  readonly inverter: InverterAbilities;
}

/** The fields of a kind of command, with the limits of the inverter's profile. */
export function ParameterFields(props: Props) {
  switch (props.draft.kind) {
    case "set_power":
      return <PowerFields {...props} />;
    case "write_register":
      return <WriteFields {...props} />;
    case "read_register":
      return <ReadFields {...props} />;
    default:
      return props.draft.kind satisfies never;
  }
}

function PowerFields({ draft, onDraft, problems, inverter: { set_power: ability } }: Props) {
  const [first = "%", ...others] = ability?.units ?? [];
  const unit = draft.unit || first;
  const hint = ability && unit === first ? limitsText(ability, unit) : undefined;
  return (
    <div class="fields">
      <TextField
        inputMode="decimal"
        label={`Limit in ${unit}`}
        hint={hint}
        problem={problems.power}
        value={draft.power}
        onValue={(power) => onDraft({ ...draft, power })}
      />
      {others.length > 0 && (
        <SelectField
          label="Unit"
          value={unit}
          onValue={(chosen) => onDraft({ ...draft, unit: chosen })}
          options={[first, ...others].map((one) => [one, one])}
        />
      )}
      {ability?.can_revert && (
        <TextField
          inputMode="decimal"
          label="Lift it after, seconds"
          hint="Empty: never"
          value={draft.revert}
          onValue={(revert) => onDraft({ ...draft, revert })}
        />
      )}
    </div>
  );
}

function WriteFields({ draft, onDraft, problems, inverter: { write_register: registers } }: Props) {
  const register = registers.find(({ name }) => name === draft.register) ?? registers[0];
  if (!register) return null;
  const unit = unitOf(register);
  return (
    <div class="fields">
      <RegisterField registers={registers} draft={draft} onDraft={onDraft} problem={problems.register} />
      <TextField
        inputMode="decimal"
        label={unit === "" ? "Value" : `Value in ${unit}`}
        hint={register.gain === null ? "As the register holds it" : limitsText(register, unit)}
        problem={problems.value}
        value={draft.value}
        onValue={(value) => onDraft({ ...draft, value })}
      />
    </div>
  );
}

function ReadFields({ draft, onDraft, problems, inverter: { read_register: registers } }: Props) {
  return (
    <div class="fields">
      <RegisterField registers={registers} draft={draft} onDraft={onDraft} problem={problems.register} />
      <TextField
        inputMode="decimal"
        label="Words"
        hint="1 to 125, from this register on"
        problem={problems.count}
        value={draft.count}
        onValue={(count) => onDraft({ ...draft, count })}
      />
    </div>
  );
}

function RegisterField(
  { registers, draft, onDraft, problem }: Pick<Props, "draft" | "onDraft"> & {
    readonly registers: InverterAbilities["write_register"];
    readonly problem: string | undefined;
  },
) {
  const chosen = registers.find(({ name }) => name === draft.register) ?? registers[0];
  return (
    <SelectField
      label="Register"
      hint={chosen?.description}
      problem={problem}
      value={chosen?.name ?? ""}
      onValue={(register) => onDraft({ ...draft, register })}
      options={registers.map(({ name, address }) => [name, `${name} (at ${address})`])}
    />
  );
}
