import type { ChangedSettings } from "../../api/views.ts";
import { LABELS, valueText } from "./draft.ts";

/** What would change. */
export function Diff({ changes }: { readonly changes: ChangedSettings["changes"] }) {
  if (changes.length === 0) return <p>Nothing would change: the device is to have this already.</p>;
  return (
    <dl class="facts diff">
      {changes.map(({ key, from, to }) => (
        <>
          <dt key={`${key} name`}>{LABELS[key]}</dt>
          <dd key={key}>
            <del class="from">{valueText(key, from)}</del> <span aria-hidden="true">→</span>{" "}
            <ins>{valueText(key, to)}</ins>
          </dd>
        </>
      ))}
    </dl>
  );
}
