import { useResource } from "../../api/resource.ts";
import type { Latest, Settings, Template } from "../../api/views.ts";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Notice } from "../../components/notice.tsx";
import { Card } from "../../components/page.tsx";
import { Diff } from "./diff.tsx";
import { type Draft, draftOf } from "./draft.ts";
import { SettingsFields } from "./settings_fields.tsx";
import { useSettingsChange } from "./settings_change.ts";

interface Props {
  readonly id: string;
  readonly settings: Settings;
  readonly onSaved: () => void;
}

/** Changes settings: what would change is shown before it is saved, and nothing of somebody else's is overwritten unseen. */
export function SettingsForm({ id, settings, onSaved }: Props) {
  const registers = useRegisters(id, settings);
  const change = useSettingsChange(id, settings, onSaved);
  const { draft, setDraft, base, isTouched, problem, review } = change;
  const submit = (event: Event) => {
    event.preventDefault();
    change.check();
  };
  return (
    <Card
      title="Change"
      actions={<TemplateChoice onChoose={(template) => setDraft(withTemplate(draft, template))} />}
    >
      {problem !== undefined && <Notice tone="bad">{problem}</Notice>}
      {base.version !== settings.version && isTouched && (
        <Notice tone="warn">
          Version {settings.version} came meanwhile; you started from version {base.version}.{" "}
          <button type="button" onClick={change.startAgain}>Start again from version {settings.version}</button>
        </Notice>
      )}
      <form onSubmit={submit} noValidate>
        <SettingsFields draft={draft} onDraft={setDraft} problems={change.problems} known={registers} />
        <div class="actions">
          <button type="submit" class="primary">Review the change</button>
          <button type="button" onClick={change.startAgain} disabled={!isTouched}>Discard</button>
        </div>
      </form>
      {review && (
        <ConfirmDialog
          title={`Change the settings of ${id}?`}
          confirm="Save"
          disabled={!review.changed}
          onConfirm={change.save}
          onClose={change.closeReview}
        >
          <Diff changes={review.changes} />
        </ConfirmDialog>
      )}
    </Card>
  );
}

/** A template changes what it names. */
function withTemplate(draft: Draft, { settings }: Template): Draft {
  const values = draftOf(settings);
  return {
    poll_interval_s: values.poll_interval_s || draft.poll_interval_s,
    upload_interval_s: values.upload_interval_s || draft.upload_interval_s,
    registers: values.registers || draft.registers,
  };
}

/** Registers that this device has sent, was to send, or says that it sends. */
function useRegisters(id: string, { desired, reported }: Settings): readonly string[] {
  const { value } = useResource<Latest>(`/api/v1/devices/${encodeURIComponent(id)}/latest`);
  const sent = value?.values.map(({ register }) => register) ?? [];
  return [...new Set([...sent, ...desired.registers ?? [], ...reported?.registers ?? []])];
}

function TemplateChoice({ onChoose }: { readonly onChoose: (template: Template) => void }) {
  const { value } = useResource<{ readonly templates: readonly Template[] }>("/api/v1/settings/templates");
  const templates = value?.templates ?? [];
  if (templates.length === 0) return null;
  const choose = (select: HTMLSelectElement) => {
    const template = templates.find(({ name }) => name === select.value);
    select.value = "";
    if (template) onChoose(template);
  };
  return (
    <select aria-label="Fill in from a template" onChange={(event) => choose(event.currentTarget)}>
      <option value="">Fill in from a template…</option>
      {templates.map(({ name }) => <option key={name} value={name}>{name}</option>)}
    </select>
  );
}
