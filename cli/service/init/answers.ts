import type { BusConfig } from "../../../device/config/bus_config.ts";

/** What a box is. */
export const ROLES = ["both", "node", "gateway"] as const;
export type Role = typeof ROLES[number];

/** Everything that is needed to set a box up, tried or kept untried. */
export interface Answers {
  readonly role: Role;
  /** Of the node; empty for a gateway alone. */
  readonly buses: readonly BusConfig[];
  readonly device: string;
  /** Address of the gateway as the node reaches it. */
  readonly gateway: string;
  /** PEM file of the authority that signed the gateway's certificate, where the system does not know it. */
  readonly caFile?: string;
  /** Where the own gateway listens. */
  readonly host: string;
  readonly port: number;
  readonly keyNumber: number;
  readonly dataDir: string;
}

/** Whether the box has the node's role, and the gateway's. */
export function rolesOf(role: Role): { readonly node: boolean; readonly gateway: boolean } {
  return { node: role !== "gateway", gateway: role !== "node" };
}
