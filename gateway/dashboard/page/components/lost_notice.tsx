import { useEffect, useState } from "preact/hooks";
import type { LiveState } from "../live.ts";
import { Notice } from "./notice.tsx";
import { absoluteTime } from "./time_text.ts";

/** A break that is over sooner is nobody's trouble. */
const PATIENCE_MS = 2_000;

/** Says that the page does not hear of the gateway any more, until it does. */
export function LostNotice({ live }: { readonly live: LiveState }) {
  const [lostAt, setLostAt] = useState<number>();
  useEffect(() => {
    if (live !== "lost") return setLostAt(undefined);
    const at = Date.now();
    const timer = setTimeout(() => setLostAt(at), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [live]);
  if (lostAt === undefined) return null;
  return (
    <Notice tone="bad">
      The gateway does not answer. What you see is as it was at{" "}
      {absoluteTime(lostAt)}; the page goes on by itself when it is back.
    </Notice>
  );
}
