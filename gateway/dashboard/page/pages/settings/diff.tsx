import type { ChangedSettings } from "../../api/views.ts";
import { LABELS, valueText } from "./draft.ts";

type Change = ChangedSettings["changes"][number];

/** What would change. */
export function Diff({ changes }: { readonly changes: readonly Change[] }) {
  if (changes.length === 0) return <p>Nothing would change: the device is to have this already.</p>;
  return (
    <dl class="facts diff">
      {changes.map((change) => (
        <>
          <dt key={`${change.key} name`}>{LABELS[change.key]}</dt>
          <dd key={change.key}>
            <FromTo change={change} />
          </dd>
        </>
      ))}
    </dl>
  );
}

/** A value that another one replaces. */
export function FromTo({ change: { key, from, to } }: { readonly change: Change }) {
  return (
    <>
      <del class="from">{valueText(key, from)}</del> <span aria-hidden="true">→</span> <ins>{valueText(key, to)}</ins>
    </>
  );
}
