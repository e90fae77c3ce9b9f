import { useEffect, useRef, useState } from "preact/hooks";
import { login, messageOf, problemOf } from "./api/client.ts";
import { Field } from "./components/field.tsx";
import { Notice } from "./components/notice.tsx";
import type { Session } from "./session.tsx";

interface Props {
  /** Why a login is needed, where it is not plain. */
  readonly why: string | undefined;
  readonly onLogin: (session: Session) => void;
}

/** For those who have no session: a token, or where to get a link. */
export function Login({ why, onLogin }: Props) {
  const { token, setToken, problem, busy, submit } = useLogin(onLogin);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = "Log in · EcoWatt";
    input.current?.focus();
  }, []);
  return (
    <main class="login">
      <form class="card" onSubmit={submit}>
        <h1>
          <span class="bolt" aria-hidden="true" /> EcoWatt
        </h1>
        <p>
          On the gateway's machine, <code>ecowatt dashboard</code>{" "}
          prints a link that logs you in once. Or paste an access token;{" "}
          <code>ecowatt token create NAME --role operator</code> makes one.
        </p>
        {why !== undefined && <Notice tone="warn">{why}</Notice>}
        <Field label="Access token" problem={problem}>
          {(attributes) => (
            <input
              {...attributes}
              ref={input}
              type="password"
              autocomplete="current-password"
              spellcheck={false}
              required
              value={token}
              onInput={(event) => setToken(event.currentTarget.value)}
            />
          )}
        </Field>
        <button type="submit" class="primary" disabled={busy}>Log in</button>
      </form>
    </main>
  );
}

/** What the form holds, and what becomes of it. */
function useLogin(onLogin: (session: Session) => void) {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const response = await login({ token: token.trim() });
      if (response.ok) onLogin(await response.json());
      else setProblem((await problemOf(response)).message);
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return { token, setToken, problem, busy, submit };
}
