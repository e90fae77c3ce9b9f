import type { ComponentChildren } from "preact";

interface Props {
  readonly term: string;
  readonly children: ComponentChildren;
}

/** A term and what is so, in a list of facts; nothing where nothing is known. */
export function Fact({ term, children }: Props) {
  if (children === undefined || children === null) return null;
  return (
    <>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </>
  );
}
