import { createContext } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Where the reader is: `#/devices/roof/settings?tab=history`. The part after # never reaches a server or its log. */
export interface Route {
  /** Its parts, decoded: `["devices", "roof", "settings"]`. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

/** Whether the reader has come from another page: then the focus has to follow; at first it is where the browser puts it. */
export const MovedContext = createContext(false);

/** Reads the address; a part that cannot be decoded is taken as it is. */
function currentRoute(hash = location.hash): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  return { parts: path.split("/").filter((part) => part !== "").map(decoded), query: new URLSearchParams(query) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a page, for `href`. */
export function to(...parts: readonly string[]): string {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/** The route, kept up to date, and whether it ever changed. */
export function useRoute(): { readonly route: Route; readonly hasMoved: boolean } {
  const [state, setState] = useState(() => ({ route: currentRoute(), hasMoved: false }));
  useEffect(() => {
    const change = () => setState({ route: currentRoute(), hasMoved: true });
    addEventListener("hashchange", change);
    return () => removeEventListener("hashchange", change);
  }, []);
  return state;
}
