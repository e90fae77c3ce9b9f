import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { messageOf } from "../api/client.ts";

interface Props {
  /** A question that names its object: "Remove the device roof?" */
  readonly title: string;
  /** What will happen, and whether it can be undone. */
  readonly children: ComponentChildren;
  /** The verb of the button that does it: "Remove roof". */
  readonly confirm: string;
  readonly danger?: boolean;
  /** There is a table in it. */
  readonly wide?: boolean;
  /** Whether it can be done as things stand. */
  readonly disabled?: boolean;
  /** Does it; what it throws is shown here and the dialog stays. */
  readonly onConfirm: () => Promise<unknown>;
  /** Also after it was done. */
  readonly onClose: () => void;
}

/** Asks before something is done. Shown as long as it is rendered; Escape and Cancel close it, focus goes back where it was. */
export function ConfirmDialog({ title, children, confirm, danger, wide, disabled, onConfirm, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => before instanceof HTMLElement && before.isConnected ? before.focus() : undefined;
  }, []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setProblem(messageOf(error));
      setBusy(false);
    }
  };
  const cancel = (event: Event) => {
    event.preventDefault();
    if (!busy) onClose();
  };
  return (
    <dialog ref={dialog} class={wide ? "wider" : ""} aria-labelledby={id} onCancel={cancel}>
      <form onSubmit={submit}>
        <h2 id={id}>{title}</h2>
        {children}
        {problem && <p class="problem" role="alert">{problem}</p>}
        <div class="actions">
          <button type="button" onClick={cancel} disabled={busy}>Cancel</button>
          <button type="submit" class={danger ? "danger" : "primary"} disabled={busy || disabled === true}>
            {confirm}
          </button>
        </div>
      </form>
    </dialog>
  );
}
