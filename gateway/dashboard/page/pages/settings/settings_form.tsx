import { useEffect, useState } from "preact/hooks";
import { ApiProblem, messageOf } from "../../api/client.ts";
import { useResource } from "../../api/resource.ts";
import type { ChangedSettings, Latest, Settings, Template } from "../../api/views.ts";
import { useAnnounce } from "../../components/announce.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Notice } from "../../components/notice.tsx";
import { Card } from "../../components/page.tsx";
import { useApi, useMay } from "../../session.tsx";
import { Diff } from "./diff.tsx";
import { type Draft, draftOf, KEYS, patchOf, type SettingKey } from "./draft.ts";
import { SettingsFields } from "./settings_fields.tsx";

interface Props {
  readonly id: string;
  readonly settings: Settings;
  readonly etag: string | undefined;
  readonly onSaved: () => void;
}

/** Changes settings: what would change is shown before it is saved, and nothing of somebody else's is overwritten unseen. */
export function SettingsForm({ id, settings, etag, onSaved }: Props) {
  const api = useApi();
  const announce = useAnnounce();
  const mayChange = useMay("operator");
  // What the draft was made from: newer settings that come meanwhile must not get lost under it.
  const [base, setBase] = useState(() => baseOf(settings, etag));
  const [draft, setDraft] = useState<Draft>(() => draftOf(settings.desired));
  const [problems, setProblems] = useState<Partial<Record<SettingKey, string>>>({});
  const [problem, setProblem] = useState<string>();
  const [review, setReview] = useState<ChangedSettings>();
  const registers = useRegisters(id, settings);
  const isTouched = KEYS.some((key) => draft[key] !== base.draft[key]);
  const isOld = base.version !== settings.version;
  const startFrom = (from: Base) => {
    setBase(from);
    setDraft(from.draft);
    setProblems({});
    setProblem(undefined);
  };
  useEffect(() => {
    if (!isTouched) startFrom(baseOf(settings, etag));
  }, [settings.version]);
  const send = (query: string) => {
    const path = `/api/v1/devices/${encodeURIComponent(id)}/settings${query}`;
    return api.send<ChangedSettings>("PATCH", path, { body: patchOf(draft).patch, ifMatch: base.etag });
  };
  const check = async (event: Event) => {
    event.preventDefault();
    const { problems: typed } = patchOf(draft);
    setProblems(typed);
    setProblem(undefined);
    if (Object.keys(typed).length > 0) return;
    try {
      setReview(await send("?dry_run=true"));
    } catch (error) {
      show(error);
    }
  };
  const show = (error: unknown) => {
    const fields = error instanceof ApiProblem ? error.fields : [];
    const known = fields.flatMap(({ path, message }) =>
      KEYS.filter((key) => path.startsWith(key)).map((key) => [key, message])
    );
    setProblems(Object.fromEntries(known));
    if (isConflict(error)) onSaved();
    setProblem(isConflict(error) ? CONFLICT : known.length > 0 ? undefined : messageOf(error));
  };
  const save = async () => {
    const saved = await send("");
    announce.done(`Settings of ${id} saved as version ${saved.version}`);
    startFrom(baseOf(saved, `"${saved.version}"`));
    onSaved();
  };
  return (
    <Card
      title="Change"
      actions={<TemplateChoice onChoose={(template) => setDraft(withTemplate(draft, template))} />}
    >
      {!mayChange && (
        <Notice tone="info">
          Your role may look at settings; changing them needs the role operator.
        </Notice>
      )}
      {problem !== undefined && <Notice tone="bad">{problem}</Notice>}
      {isOld && isTouched && (
        <Notice tone="warn">
          Version {settings.version} came meanwhile; you started from version {base.version}.{" "}
          <button type="button" onClick={() => startFrom(baseOf(settings, etag))}>
            Start again from version {settings.version}
          </button>
        </Notice>
      )}
      <form onSubmit={check} noValidate>
        <SettingsFields draft={draft} onDraft={setDraft} problems={problems} known={registers} />
        <div class="actions">
          <button type="submit" class="primary" disabled={!mayChange}>Review the change</button>
          <button type="button" onClick={() => startFrom(baseOf(settings, etag))} disabled={!isTouched}>Discard</button>
        </div>
      </form>
      {review && (
        <ConfirmDialog
          title={`Change the settings of ${id}?`}
          confirm="Save"
          disabled={!review.changed}
          onConfirm={save}
          onClose={() => setReview(undefined)}
        >
          <Diff changes={review.changes} />
        </ConfirmDialog>
      )}
    </Card>
  );
}

/** What a change is made from. */
interface Base {
  readonly version: number;
  readonly etag: string | undefined;
  readonly draft: Draft;
}

function baseOf({ version, desired }: Pick<Settings, "version" | "desired">, etag: string | undefined): Base {
  return { version, etag, draft: draftOf(desired) };
}

const CONFLICT = "Somebody else changed these settings meanwhile. What you typed is still here.";

function isConflict(error: unknown): boolean {
  return error instanceof ApiProblem && (error.status === 409 || error.status === 412);
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
