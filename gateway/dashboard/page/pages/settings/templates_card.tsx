import { useState } from "preact/hooks";
import { ApiProblem, messageOf } from "../../api/client.ts";
import { useResource } from "../../api/resource.ts";
import type { Template } from "../../api/views.ts";
import { useAnnounce } from "../../components/announce.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Empty } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { Loaded } from "../../components/notice.tsx";
import { Card } from "../../components/page.tsx";
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
  const api = useApi();
  const announce = useAnnounce();
  const remove = async ({ name }: Template) => {
    await api.send("DELETE", `${PATH}/${encodeURIComponent(name)}`);
    announce.done(`Template ${name} removed`);
    templates.reload();
  };
  const create = mayChange && <button type="button" onClick={() => setEdited("new")}>New template</button>;
  return (
    <Card title="Templates" actions={create}>
      <Loaded resource={templates}>
        {({ templates: all }) => (
          <DataTable
            caption="Templates"
            columns={[
              { title: "Template", cell: ({ name }: Template) => name },
              { title: "Settings", cell: ({ settings }) => summaryOf(settings) },
              { title: "Changed", wide: true, cell: ({ changed_at_ms }) => <RelativeTime at={changed_at_ms} /> },
              { title: "By", wide: true, cell: ({ changed_by }) => changed_by },
              {
                title: "Actions",
                cell: (template) =>
                  mayChange && (
                    <span class="actions">
                      {devices.length > 0 && (
                        <button
                          type="button"
                          aria-label={`Apply ${template.name}`}
                          onClick={() => setApplied(template)}
                        >
                          Apply…
                        </button>
                      )}
                      <button
                        type="button"
                        class="quiet"
                        aria-label={`Edit ${template.name}`}
                        onClick={() => setEdited(template)}
                      >
                        Edit
                      </button>
                      <button
                        type="button"
                        class="quiet"
                        aria-label={`Remove ${template.name}`}
                        onClick={() => setRemoved(template)}
                      >
                        Remove
                      </button>
                    </span>
                  ),
              },
            ]}
            rows={all}
            rowKey={({ name }) => name}
            empty={
              <Empty title="There is no template yet">
                <p>A template holds settings that several devices share, and is applied to all of them at once.</p>
              </Empty>
            }
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
        <ConfirmDialog
          title={`Remove the template ${removed.name}?`}
          confirm={`Remove ${removed.name}`}
          danger
          onConfirm={() => remove(removed)}
          onClose={() => setRemoved(undefined)}
        >
          <p>Devices that it was applied to keep their settings.</p>
        </ConfirmDialog>
      )}
    </Card>
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
        <Field label="Name" hint="Letters, digits, _ . -" problem={problems.name}>
          {(attributes) => (
            <input
              {...attributes}
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
              autocomplete="off"
            />
          )}
        </Field>
      )}
      <SettingsFields draft={draft} onDraft={setDraft} problems={problems} known={[]} />
    </ConfirmDialog>
  );
}
