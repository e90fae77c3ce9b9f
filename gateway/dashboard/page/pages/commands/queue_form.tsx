import { useState } from "preact/hooks";
import { useResource } from "../../api/resource.ts";
import type { Abilities, InverterAbilities } from "../../api/views.ts";
import { useAnnounce } from "../../components/announce.tsx";
import { DeviceChoice } from "../../components/device_choice.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { Empty } from "../../components/empty.tsx";
import { SelectField } from "../../components/field.tsx";
import { Loaded } from "../../components/notice.tsx";
import { Card } from "../../components/page.tsx";
import { useApi } from "../../session.tsx";
import { build, type Draft, EMPTY_DRAFT, type Kind, KINDS, type Problems } from "./draft.ts";
import { ParameterFields } from "./parameter_fields.tsx";
import { WhenFields } from "./when_fields.tsx";

interface Props {
  readonly devices: readonly string[];
  readonly first: string | undefined;
}

/** Queues a command for one device or for many; the fields are those of the inverter's profile. */
export function QueueForm({ devices, first }: Props) {
  const [chosen, setChosen] = useState<readonly string[]>(() =>
    [first, devices[0]].flatMap((id) => id ?? []).slice(0, 1)
  );
  const path = chosen[0] === undefined ? undefined : `/api/v1/devices/${encodeURIComponent(chosen[0])}`;
  const abilities = useResource<Abilities>(path && `${path}/command-abilities`, { every: 60_000 });
  return (
    <Card title="New command">
      <DeviceChoice devices={devices} chosen={chosen} onChoose={setChosen} />
      {path === undefined ? <p class="faint">Choose at least one device.</p> : (
        <Loaded resource={abilities}>
          {({ device_id, inverters }) =>
            inverters.length === 0
              ? (
                <Empty title={`${device_id} has uploaded nothing yet`}>
                  <p>What its inverters can be told is known with its first samples.</p>
                </Empty>
              )
              : <CommandForm key={device_id} devices={chosen} inverters={inverters} />}
        </Loaded>
      )}
    </Card>
  );
}

/** What the gateway takes at once. */
const MOST = 100;

interface FormProps {
  readonly devices: readonly string[];
  /** Of the first device; the gateway checks the others. */
  readonly inverters: readonly InverterAbilities[];
}

function CommandForm({ devices, inverters }: FormProps) {
  const [name, setName] = useState(inverters[0]?.inverter);
  const [draft, setDraft] = useState<Draft>(EMPTY_DRAFT);
  const [problems, setProblems] = useState<Problems>({});
  const [review, setReview] = useState<Review>();
  const inverter = inverters.find((one) => one.inverter === name) ?? inverters[0];
  if (!inverter) return null;
  const kinds = kindsOf(inverter);
  const kind = kinds.includes(draft.kind) ? draft.kind : kinds[0] ?? "set_power";
  const check = (event: Event) => {
    event.preventDefault();
    const built = build({ ...draft, kind }, inverter, Date.now());
    setProblems(built.ok ? {} : built.problems);
    if (built.ok) setReview(built);
  };
  return (
    <form onSubmit={check} noValidate>
      {inverters.length > 1 && (
        <SelectField
          label="Inverter"
          value={inverter.inverter}
          onValue={setName}
          options={inverters.map((one) => [one.inverter, one.inverter])}
        />
      )}
      <KindTabs kinds={kinds} kind={kind} onKind={(one) => setDraft({ ...draft, kind: one, register: "" })} />
      <p class="hint">The limits are those of {inverter.inverter}: {inverter.title}.</p>
      <ParameterFields draft={{ ...draft, kind }} onDraft={setDraft} problems={problems} inverter={inverter} />
      <WhenFields draft={{ ...draft, kind }} onDraft={setDraft} />
      <div class="actions">
        <button type="submit" class="primary" disabled={devices.length > MOST}>
          {devices.length === 1 ? "Queue…" : `Queue for ${devices.length} devices…`}
        </button>
      </div>
      {devices.length > MOST && <p class="problem">At most {MOST} devices at a time: choose fewer.</p>}
      {review && <QueueDialog devices={devices} review={review} onClose={() => setReview(undefined)} />}
    </form>
  );
}

interface TabsProps {
  readonly kinds: readonly Kind[];
  readonly kind: Kind;
  readonly onKind: (kind: Kind) => void;
}

function KindTabs({ kinds, kind, onKind }: TabsProps) {
  return (
    <div class="tabs" role="group" aria-label="What to do">
      {kinds.map((one) => (
        <button type="button" key={one} aria-pressed={one === kind} onClick={() => onKind(one)}>{KINDS[one]}</button>
      ))}
    </div>
  );
}

/** A command that is well formed, and what it does in words. */
interface Review {
  readonly command: object;
  readonly text: string;
}

interface DialogProps {
  readonly devices: readonly string[];
  readonly review: Review;
  readonly onClose: () => void;
}

function QueueDialog({ devices, review, onClose }: DialogProps) {
  const api = useApi();
  const announce = useAnnounce();
  const who = devices.length === 1 ? devices[0] : `${devices.length} devices`;
  const queue = async () => {
    const commands = devices.map((device_id) => ({ ...review.command, device_id }));
    await api.send("POST", "/command/queue", { body: commands.length === 1 ? commands[0] : { commands } });
    announce.done(devices.length === 1 ? `Command for ${who} queued` : `${devices.length} commands queued`);
  };
  return (
    <ConfirmDialog
      title={`Let ${who} ${review.text}?`}
      confirm={`Queue for ${who}`}
      onConfirm={queue}
      onClose={onClose}
    >
      {devices.length > 1 && <p>All of them are queued, or none: {devices.join(", ")}.</p>}
      <p>A device that is online does it at once; others when they are back.</p>
    </ConfirmDialog>
  );
}

function kindsOf({ set_power, write_register, read_register }: InverterAbilities): readonly Kind[] {
  return [
    ...set_power ? ["set_power"] as const : [],
    ...write_register.length > 0 ? ["write_register"] as const : [],
    ...read_register.length > 0 ? ["read_register"] as const : [],
  ];
}
