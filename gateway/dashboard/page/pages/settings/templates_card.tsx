import { useState } from "preact/hooks";
import { ApiProblem, messageOf } from "../../api/client.ts";
import { useResource } from "../../api/resource.ts";
import type { Template } from "../../api/views.ts";
import { useAnnounce } from "../../components/announce.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Empty } from "../../components/empty.tsx";
import { TextField } from "../../components/field.tsx";
import { Loaded } from "../../components/notice.tsx";
import { Card } from "../../components/page.tsx";
import { RowAction } from "../../components/row_action.tsx";
import { DataTable } from "../../components/table.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { useApi, useMay } from "../../session.tsx";
import { ApplyTemplate } from "./apply_template.tsx";
import { type Draft, draftOf, patchOf, type SettingKey, summaryOf } from "./draft.ts";
import { SettingsFields } from "./settings_fields.tsx";

const PATH = "/api/v1/settings/templates";

interface Props {
  /** Whom a template can be applied to. */
  readonly devices: readonly string[];
  /** A template is on its way to devices. */
  readonly onApplied: () => void;
}

/** Settings with a name, to be applied to many devices or filled in for one. */
export function TemplatesCard({ devices, onApplied }: Props) {
  const templates = useResource<{ readonly templates: readonly Template[] }>(PATH);
  const mayChange = useMay("operator");
  const [edited, setEdited] = useState<Template | "new">();
  const [removed, setRemoved] = useState<Template>();
  const [applied, setApplied] = useState<Template>();
  const create = mayChange && <button type="button" onClick={() => setEdited("new")}>New template</button>;
  return (
    <Card title="Templates" actions={create}>
      <Loaded resource={templates}>
        {({ templates: all }) => (
          <TemplateTable
            templates={all}
            actions={mayChange
              ? { onApply: devices.length > 0 ? setApplied : undefined, onEdit: setEdited, onRemove: setRemoved }
              : undefined}
          />
        )}
      </Loaded>
      {edited !== undefined && (
        <TemplateDialog
          template={edited === "new" ? undefined : edited}
          onClose={() => setEdited(undefined)}
          onSaved={templates.reload}
        />
      )}
      {applied !== undefined && (
        <ApplyTemplate
          template={applied}
          devices={devices}
          onStarted={onApplied}
          onClose={() => setApplied(undefined)}
        />
      )}
      {removed !== undefined && (
        <RemoveDialog
          template={removed}
          onRemoved={templates.reload}
          onClose={() => setRemoved(undefined)}
        />
      )}
    </Card>
  );
}

/** What can be done with a template. */
interface Actions {
  /** `undefined` where no device is there to get it. */
  readonly onApply: ((template: Template) => void) | undefined;
  readonly onEdit: (template: Template) => void;
  readonly onRemove: (template: Template) => void;
}

interface TableProps {
  readonly templates: readonly Template[];
  /** `undefined` for those who may only look. */
  readonly actions: Actions | undefined;
}

function TemplateTable({ templates, actions }: TableProps) {
  return (
    <DataTable
      caption="Templates"
      columns={[
        { title: "Template", cell: ({ name }: Template) => name },
        { title: "Settings", cell: ({ settings }) => summaryOf(settings) },
        { title: "Changed", wide: true, cell: ({ changed_at_ms }) => <RelativeTime at={changed_at_ms} /> },
        { title: "By", wide: true, cell: ({ changed_by }) => changed_by },
        { title: "Actions", cell: (template) => actions && <TemplateActions template={template} {...actions} /> },
      ]}
      rows={templates}
      rowKey={({ name }) => name}
      empty={
        <Empty title="There is no template yet">
          <p>A template holds settings that several devices share, and is applied to all of them at once.</p>
        </Empty>
      }
    />
  );
}

function TemplateActions({ template, onApply, onEdit, onRemove }: Actions & { readonly template: Template }) {
  const { name } = template;
  return (
    <span class="actions">
      {onApply && <RowAction label={`Apply ${name}`} onClick={() => onApply(template)}>Apply…</RowAction>}
      <RowAction quiet label={`Edit ${name}`} onClick={() => onEdit(template)}>Edit</RowAction>
      <RowAction quiet label={`Remove ${name}`} onClick={() => onRemove(template)}>Remove</RowAction>
    </span>
  );
}

interface RemoveProps {
  readonly template: Template;
  readonly onRemoved: () => void;
  readonly onClose: () => void;
}

function RemoveDialog({ template: { name }, onRemoved, onClose }: RemoveProps) {
  const api = useApi();
  const announce = useAnnounce();
  const remove = async () => {
    await api.send("DELETE", `${PATH}/${encodeURIComponent(name)}`);
    announce.done(`Template ${name} removed`);
    onRemoved();
  };
  return (
    <ConfirmDialog
      title={`Remove the template ${name}?`}
      confirm={`Remove ${name}`}
      danger
      onConfirm={remove}
      onClose={onClose}
    >
      <p>Devices that it was applied to keep their settings.</p>
    </ConfirmDialog>
  );
}

interface DialogProps {
  /** `undefined` for a new one. */
  readonly template: Template | undefined;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

function TemplateDialog({ template, onSaved, onClose }: DialogProps) {
  const api = useApi();
  const announce = useAnnounce();
  const [name, setName] = useState(template?.name ?? "");
  const [draft, setDraft] = useState<Draft>(() => draftOf(template?.settings ?? {}));
  const [problems, setProblems] = useState<Partial<Record<SettingKey | "name", string>>>({});
  const save = async () => {
    const { patch, problems: typed } = patchOf(draft);
    setProblems({ ...typed, ...(name.trim() === "" ? { name: "must not be empty" } : {}) });
    if (Object.keys(typed).length > 0 || name.trim() === "") throw new Error("Please correct what is marked");
    const named = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== null));
    try {
      await api.send("PUT", `${PATH}/${encodeURIComponent(name.trim())}`, { body: named });
    } catch (error) {
      const fields = error instanceof ApiProblem ? error.fields : [];
      setProblems(Object.fromEntries(fields.map(({ path, message }) => [path.split(/[.[]/)[0], message])));
      throw new Error(fields.length > 0 ? "Please correct what is marked" : messageOf(error));
    }
    announce.done(`Template ${name.trim()} saved`);
    onSaved();
  };
  const title = template === undefined ? "New template" : `Change the template ${template.name}`;
  return (
    <ConfirmDialog title={title} confirm="Save" onConfirm={save} onClose={onClose}>
      {template === undefined && (
        <TextField
          label="Name"
          hint="Letters, digits, _ . -"
          problem={problems.name}
          value={name}
          onValue={setName}
          autocomplete="off"
        />
      )}
      <SettingsFields draft={draft} onDraft={setDraft} problems={problems} known={[]} />
    </ConfirmDialog>
  );
}
