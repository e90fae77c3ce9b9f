import { quantity } from "./quantity_text.ts";

/** A quantity, or a dash that says why there is none. */
export function Quantity(
  { value, unit, unknown = "not known" }: {
    readonly value: number | null | undefined;
    readonly unit: string;
    readonly unknown?: string;
  },
) {
  if (value === null || value === undefined) return <span class="faint" title={unknown} aria-label={unknown}>–</span>;
  const [text, shown] = quantity(value, unit);
  return (
    <>
      {text} <span class="unit">{shown}</span>
    </>
  );
}
