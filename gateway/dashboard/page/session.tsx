import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Role } from "../../store/tokens.ts";
import { type Api, createApi } from "./api/client.ts";

/** Who is logged in: `GET /session`. */
export interface Session {
  readonly name: string;
  readonly role: Role;
  readonly expires_at_ms: number | null;
  readonly csrf_token: string | null;
}

interface Visit {
  readonly session: Session | undefined;
  readonly api: Api;
}

export const VisitContext = createContext<Visit>({
  session: undefined,
  api: createApi({ csrf: undefined, onEnded: () => {} }),
});

/** The API with the reader's session. */
export function useApi(): Api {
  return useContext(VisitContext).api;
}

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

/** Whether the reader may do what a role may. The gateway checks it again. */
export function useMay(role: Role): boolean {
  const { session } = useContext(VisitContext);
  return session !== undefined && RANK[session.role] >= RANK[role];
}
