/** Narrows a list down; the first option is all of it. */
export function Choice(
  { label, all, options, value, onValue }: {
    readonly label: string;
    readonly all: string;
    readonly options: readonly string[];
    readonly value: string;
    readonly onValue: (value: string) => void;
  },
) {
  return (
    <select aria-label={label} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
      <option value="">{all}</option>
      {options.map((option) => <option key={option} value={option}>{option}</option>)}
    </select>
  );
}
