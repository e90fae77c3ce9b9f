import { useState } from "preact/hooks";
import { messageOf } from "../../api/client.ts";
import type { Token } from "../../api/views.ts";
import { useAnnounce } from "../../components/announce.tsx";
import { SelectField, TextField } from "../../components/field.tsx";
import { Notice } from "../../components/notice.tsx";
import { useApi } from "../../session.tsx";

const DAY_MS = 86_400_000;
const LIVES: readonly (readonly [days: string, text: string])[] = [
  ["", "Never"],
  ["1", "In a day"],
  ["30", "In 30 days"],
  ["365", "In a year"],
];
const ROLES = ["viewer", "operator", "admin"];

interface Made {
  readonly name: string;
  readonly secret: string;
}

/** Makes a token and shows its secret, once. */
export function NewToken({ onMade }: { readonly onMade: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState("viewer");
  const [days, setDays] = useState("");
  const [problem, setProblem] = useState<string>();
  const [made, setMade] = useState<Made>();
  const api = useApi();
  const submit = async (event: Event) => {
    event.preventDefault();
    setProblem(undefined);
    const expires = days === "" ? {} : { expires_at_ms: Date.now() + DAY_MS * Number(days) };
    try {
      const body = { name: name.trim(), role, ...expires };
      const token = await api.send<Token & { readonly token: string }>("POST", "/api/v1/tokens", { body });
      setMade({ name: token.name, secret: token.token });
      setName("");
      onMade();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  if (made) return <Secret made={made} onClose={() => setMade(undefined)} />;
  return (
    <form class="new-token" onSubmit={submit}>
      <div class="fields">
        <TextField
          label="Name"
          hint="Who or what uses it"
          problem={problem}
          required
          maxLength={64}
          value={name}
          onValue={setName}
        />
        <SelectField label="Role" value={role} onValue={setRole} options={ROLES.map((one) => [one, one])} />
        <SelectField label="Ends" value={days} onValue={setDays} options={LIVES} />
      </div>
      <div class="actions">
        <button type="submit" class="primary">Make a token</button>
      </div>
    </form>
  );
}

function Secret({ made, onClose }: { readonly made: Made; readonly onClose: () => void }) {
  const announce = useAnnounce();
  const copy = () =>
    navigator.clipboard.writeText(made.secret).then(
      () => announce.done("Copied"),
      () => announce.problem("The browser does not let it be copied: mark it and copy it yourself"),
    );
  return (
    <Notice tone="warn">
      <p>The token of {made.name} is shown only now. Keep it where passwords are kept.</p>
      <p>
        <code class="secret">{made.secret}</code>
      </p>
      <div class="actions">
        {isSecureContext && <button type="button" onClick={copy}>Copy</button>}
        <button type="button" onClick={onClose}>I have kept it</button>
      </div>
    </Notice>
  );
}
