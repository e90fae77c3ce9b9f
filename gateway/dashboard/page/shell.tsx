import { useEffect, useState } from "preact/hooks";
import { messageOf } from "./api/client.ts";
import { useAnnounce } from "./components/announce.tsx";
import { LostNotice } from "./components/lost_notice.tsx";
import type { LiveState } from "./live.ts";
import { NAVIGATION, pageOf } from "./pages.tsx";
import { MovedContext, useRoute } from "./router.ts";
import { type Session, useApi } from "./session.tsx";
import { ThemeToggle } from "./theme_toggle.tsx";

interface Props {
  readonly session: Session;
  readonly live: LiveState;
  readonly onLogout: () => void;
}

/** What surrounds every page: the bar at the top, the navigation, and the page itself. */
export function Shell({ session, live, onLogout }: Props) {
  const { route, hasMoved } = useRoute();
  const [isOpen, setOpen] = useState(false);
  const path = route.parts.join("/");
  useEffect(() => setOpen(false), [path]);
  const api = useApi();
  const announce = useAnnounce();
  const logout = () => api.send("DELETE", "/session").then(onLogout, (error) => announce.problem(messageOf(error)));
  const skip = (event: Event) => {
    event.preventDefault();
    document.querySelector<HTMLElement>("h1")?.focus();
  };
  return (
    <>
      <a class="skip" href="#content" onClick={skip}>Skip to the content</a>
      <header class="top">
        <button
          type="button"
          class="menu"
          aria-expanded={isOpen}
          aria-controls="navigation"
          onClick={() => setOpen(!isOpen)}
        >
          <span aria-hidden="true">☰</span> Menu
        </button>
        <a class="brand" href="#/">
          <span class="bolt" aria-hidden="true" /> EcoWatt
        </a>
        <span class="spring" />
        <span class={`live ${live}`} role="status">{LIVE_TEXT[live]}</span>
        <ThemeToggle />
        <span class="who" title={`Logged in as ${session.name}`}>{session.role}</span>
        <button type="button" class="quiet" onClick={logout}>Log out</button>
      </header>
      <div class="frame">
        <Navigation isOpen={isOpen} current={route.parts[0] ?? ""} />
        <main id="content" key={path}>
          <LostNotice live={live} />
          <MovedContext.Provider value={hasMoved}>{pageOf(route)}</MovedContext.Provider>
        </main>
      </div>
    </>
  );
}

function Navigation({ isOpen, current }: { readonly isOpen: boolean; readonly current: string }) {
  return (
    <nav id="navigation" class={isOpen ? "open" : ""} aria-label="Main">
      <ul>
        {NAVIGATION.map(({ name, title }) => (
          <li key={name}>
            <a href={`#/${name}`} aria-current={current === name ? "page" : undefined}>{title}</a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

const LIVE_TEXT: Record<LiveState, string> = { connecting: "Connecting", live: "Live", lost: "Not live" };
