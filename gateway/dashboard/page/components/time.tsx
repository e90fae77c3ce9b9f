import { useNow } from "./now.ts";
import { absoluteTime, durationText, relativeTime } from "./time_text.ts";

/** How long ago something was, and when exactly. */
export function RelativeTime({ at }: { readonly at: number | null | undefined }) {
  const now = useNow();
  if (at === null || at === undefined) return <span class="faint">never</span>;
  return <time dateTime={new Date(at).toISOString()} title={absoluteTime(at)}>{relativeTime(at, now)}</time>;
}

/** How long something has been so: "for 27 seconds". */
export function Since({ at }: { readonly at: number }) {
  const now = useNow();
  return (
    <span class="faint">
      for{" "}
      <time dateTime={new Date(at).toISOString()} title={`since ${absoluteTime(at)}`}>{durationText(now - at)}</time>
    </span>
  );
}

/** When exactly something was. */
export function AbsoluteTime({ at }: { readonly at: number }) {
  return <time dateTime={new Date(at).toISOString()}>{absoluteTime(at)}</time>;
}
