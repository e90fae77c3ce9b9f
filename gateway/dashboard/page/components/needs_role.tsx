import type { ComponentChildren } from "preact";
import type { Role } from "../../../store/tokens.ts";
import { useMay } from "../session.tsx";
import { Notice } from "./notice.tsx";

/** What only a role may see or do; others are told what is missing and what they would need. */
export function NeedsRole(
  { role, what, children }: {
    readonly role: Role;
    /** As it begins a sentence: "The log and the downloads". */
    readonly what: string;
    readonly children?: ComponentChildren;
  },
) {
  if (useMay(role)) return <>{children}</>;
  return (
    <Notice tone="info">
      {what} need the role {role}; <code>ecowatt dashboard --role {role}</code>{" "}
      on the gateway's machine gives a link that has it.
    </Notice>
  );
}
