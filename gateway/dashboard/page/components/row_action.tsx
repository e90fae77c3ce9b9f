import type { ComponentChildren } from "preact";

interface Props {
  /** What it does to which row, for those who hear the button alone. */
  readonly label: string;
  readonly onClick: () => void;
  /** Not what one is here for. */
  readonly quiet?: boolean;
  readonly children: ComponentChildren;
}

/** A button in a row of a table. */
export function RowAction({ label, onClick, quiet = false, children }: Props) {
  return (
    <button type="button" class={quiet ? "quiet" : undefined} aria-label={label} onClick={onClick}>{children}</button>
  );
}
