import type { ComponentChildren } from "preact";
import type { Resource } from "../api/resource.ts";

/** Something the reader has to know before anything else. */
export function Notice(
  { tone, children }: { readonly tone: "info" | "warn" | "bad"; readonly children: ComponentChildren },
) {
  return <div class={`notice ${tone}`} role={tone === "bad" ? "alert" : "note"}>{children}</div>;
}

/**
 * Shows what a resource has, that it is on its way, or why it is not there; an old answer stays beside the reason. That the
 * gateway is away is said once for the whole page (`LostNotice`).
 */
export function Loaded<T>(
  { resource, children }: { readonly resource: Resource<T>; readonly children: (value: T) => ComponentChildren },
) {
  const { value, problem, reload } = resource;
  const isSaid = problem?.status === 0 && value !== undefined;
  return (
    <>
      {problem && !isSaid && (
        <Notice tone="bad">
          {problem.message} <button type="button" onClick={reload}>Try again</button>
        </Notice>
      )}
      {value !== undefined ? children(value) : !problem && <p class="loading" aria-busy="true">Loading…</p>}
    </>
  );
}
