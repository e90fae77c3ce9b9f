import { useEffect, useState } from "preact/hooks";
import { ApiProblem, messageOf } from "../../api/client.ts";
import type { ChangedSettings, Settings } from "../../api/views.ts";
import { useAnnounce } from "../../components/announce.tsx";
import { useApi } from "../../session.tsx";
import { type Draft, draftOf, KEYS, patchOf, type SettingKey } from "./draft.ts";

/** What a change is made from: newer settings that come meanwhile must not get lost under it. */
interface Base {
  readonly version: number;
  readonly draft: Draft;
}

/** What stands in the form, and what it began as. */
interface Form {
  readonly base: Base;
  readonly draft: Draft;
}

type Problems = Partial<Record<SettingKey, string>>;

const CONFLICT = "Somebody else changed these settings meanwhile. What you typed is still here.";

/** A change of the settings of a device on its way: typed, checked by the gateway, reviewed, saved. */
export function useSettingsChange(id: string, settings: Settings, onSaved: () => void) {
  const send = useSender(id);
  const announce = useAnnounce();
  const [form, setForm] = useState(() => untouched(baseOf(settings)));
  const { base, draft } = form;
  const setDraft = (next: Draft) => setForm((known) => ({ ...known, draft: next }));
  const [problems, setProblems] = useState<Problems>({});
  const [problem, setProblem] = useState<string>();
  const [review, setReview] = useState<ChangedSettings>();
  const isTouched = isChanged(form);
  const forgetProblems = () => {
    setProblems({});
    setProblem(undefined);
  };
  const startFrom = (from: Base) => {
    setForm(untouched(from));
    forgetProblems();
  };
  useEffect(() => {
    // An effect runs a moment after what it belongs to was shown: what was typed meanwhile stays.
    setForm((known) => isChanged(known) ? known : untouched(baseOf(settings)));
    if (!isTouched) forgetProblems();
  }, [settings.version]);
  const refused = (error: unknown) => {
    const known = problemsOf(error);
    setProblems(known);
    if (isConflict(error)) onSaved();
    const isShown = Object.keys(known).length > 0;
    setProblem(isConflict(error) ? CONFLICT : isShown ? undefined : messageOf(error));
  };
  const check = () => {
    const { problems: typed } = patchOf(draft);
    setProblems(typed);
    setProblem(undefined);
    if (Object.keys(typed).length === 0) send(draft, base, "?dry_run=true").then(setReview, refused);
  };
  const save = async () => {
    const saved = await send(draft, base, "");
    announce.done(`Settings of ${id} saved as version ${saved.version}`);
    startFrom(baseOf(saved));
    onSaved();
  };
  const startAgain = () => startFrom(baseOf(settings));
  const closeReview = () => setReview(undefined);
  return { base, draft, setDraft, problems, problem, review, isTouched, startAgain, check, save, closeReview };
}

function useSender(id: string) {
  const api = useApi();
  return (draft: Draft, { version }: Base, query: string) => {
    const path = `/api/v1/devices/${encodeURIComponent(id)}/settings${query}`;
    // The version goes in the body: headers are changed by what compresses on the way.
    return api.send<ChangedSettings>("PATCH", path, { body: { ...patchOf(draft).patch, version } });
  };
}

function baseOf({ version, desired }: Pick<Settings, "version" | "desired">): Base {
  return { version, draft: draftOf(desired) };
}

function untouched(base: Base): Form {
  return { base, draft: base.draft };
}

function isChanged({ base, draft }: Form): boolean {
  return KEYS.some((key) => draft[key] !== base.draft[key]);
}

/** What the gateway has against single settings. */
function problemsOf(error: unknown): Problems {
  const fields = error instanceof ApiProblem ? error.fields : [];
  return Object.fromEntries(fields.flatMap(({ path, message }) => {
    return KEYS.filter((key) => path.startsWith(key)).map((key) => [key, message] as const);
  }));
}

function isConflict(error: unknown): boolean {
  return error instanceof ApiProblem && (error.status === 409 || error.status === 412);
}
