import type { ComponentChildren } from "preact";
import { useContext, useEffect, useRef } from "preact/hooks";
import { MovedContext } from "../router.ts";

interface Props {
  readonly title: string;
  /** Beside the title: a badge, a button. */
  readonly actions?: ComponentChildren;
  /** Where this is: the pages above it. */
  readonly above?: readonly { readonly title: string; readonly href: string }[];
  readonly children: ComponentChildren;
}

/** A page: its title names the document and takes the focus, so that a screen reader tells where one has arrived. */
export function Page({ title, actions, above = [], children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · EcoWatt`;
  }, [title]);
  const hasMoved = useContext(MovedContext);
  useEffect(() => {
    if (!hasMoved) return;
    scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <>
      <div class="page-head">
        {above.length > 0 && (
          <p class="crumbs">{above.map((page) => <a key={page.href} href={page.href}>{page.title}</a>)}</p>
        )}
        <h1 ref={heading} tabIndex={-1}>{title}</h1>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </div>
      {children}
    </>
  );
}

/** A part of a page under its own heading. */
export function Card(
  { title, actions, children }: {
    readonly title: string;
    readonly actions?: ComponentChildren;
    readonly children: ComponentChildren;
  },
) {
  return (
    <section class="card" aria-label={title}>
      <div class="card-head">
        <h2>{title}</h2>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </div>
      {children}
    </section>
  );
}
