import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { createApi, login, messageOf, problemOf, reach } from "./api/client.ts";
import { AnnounceProvider } from "./components/announce.tsx";
import { Login } from "./login.tsx";
import { LiveContext, type LiveState, openLive } from "./live.ts";
import { takeLoginCode } from "./login_code.ts";
import { type Session, VisitContext } from "./session.tsx";
import { Shell } from "./shell.tsx";

/** Who the reader is, as far as it is known. */
type Visitor =
  | { readonly kind: "unknown" }
  | { readonly kind: "unauthenticated"; readonly why?: string }
  | { readonly kind: "known"; readonly session: Session };

export function App() {
  const [visitor, setVisitor] = useState<Visitor>({ kind: "unknown" });
  useEffect(() => {
    const greet = () =>
      void identify().then(setVisitor, (error) => setVisitor({ kind: "unauthenticated", why: messageOf(error) }));
    greet();
    // A link that is opened where the page is open already changes nothing but the hash.
    const relogin = () => location.hash.startsWith("#/login/") && greet();
    addEventListener("hashchange", relogin);
    return () => removeEventListener("hashchange", relogin);
  }, []);
  const onEnded = useCallback(
    () => setVisitor({ kind: "unauthenticated", why: "The session is over. Log in again." }),
    [],
  );
  const onLogout = useCallback(() => setVisitor({ kind: "unauthenticated", why: "You are logged out." }), []);
  return (
    <AnnounceProvider>
      {visitor.kind === "known" && <Visit session={visitor.session} onEnded={onEnded} onLogout={onLogout} />}
      {visitor.kind === "unauthenticated" && (
        <Login
          why={visitor.why}
          onLogin={(session) => setVisitor({ kind: "known", session })}
        />
      )}
    </AnnounceProvider>
  );
}

/** Logs in with the code of the address, if it has one, else asks whose session this is. */
async function identify(): Promise<Visitor> {
  const code = takeLoginCode();
  if (code !== undefined) {
    const response = await login({ code });
    if (response.ok) return { kind: "known", session: await response.json() };
    return { kind: "unauthenticated", why: (await problemOf(response)).message };
  }
  const response = await reach("/session");
  if (response.ok) return { kind: "known", session: await response.json() };
  return response.status === 401
    ? { kind: "unauthenticated" }
    : { kind: "unauthenticated", why: (await problemOf(response)).message };
}

interface VisitProps {
  readonly session: Session;
  /** It is over, whoever ended it. */
  readonly onEnded: () => void;
  readonly onLogout: () => void;
}

function Visit({ session, onEnded, onLogout }: VisitProps) {
  const api = useMemo(() => createApi({ csrf: session.csrf_token ?? undefined, onEnded }), [session, onEnded]);
  const [state, setState] = useState<LiveState>("connecting");
  const live = useMemo(() => openLive(setState), [session]);
  useEffect(() => () => live.close(), [live]);
  return (
    <VisitContext.Provider value={{ session, api }}>
      <LiveContext.Provider value={live}>
        <Shell session={session} live={state} onLogout={onLogout} />
      </LiveContext.Provider>
    </VisitContext.Provider>
  );
}
