import { useEffect, useState } from "preact/hooks";

/** Where the reader is: `#/devices/roof/settings?tab=history`. The part after # never reaches a server or its log. */
export interface Route {
  /** Its parts, decoded: `["devices", "roof", "settings"]`. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

/** Reads the address; a part that cannot be decoded is taken as it is. */
export function currentRoute(hash = location.hash): Route {
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

/** The route, kept up to date. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => currentRoute());
  useEffect(() => {
    const change = () => setRoute(currentRoute());
    addEventListener("hashchange", change);
    return () => removeEventListener("hashchange", change);
  }, []);
  return route;
}
