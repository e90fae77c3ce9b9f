import { Quantity } from "./quantity.tsx";
import { quantity } from "./quantity_text.ts";

interface Energy {
  readonly today_wh: number | null;
  readonly today_not_counted_wh: number;
}

/** What today brought, and what is not counted of it. */
export function EnergyToday({ energy }: { readonly energy: Energy | undefined }) {
  const more = notCountedText(energy?.today_not_counted_wh);
  return (
    <>
      <Quantity value={energy?.today_wh} unit="Wh" />
      {more !== "" && <div class="hint">{more}</div>}
    </>
  );
}

/** `without 450 Wh that are provisional`, where that is worth a word. */
export function notCountedText(wh = 0): string {
  return wh < 1 ? "" : `without ${quantity(wh, "Wh").join(" ")} that are provisional`;
}
