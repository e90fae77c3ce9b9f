import type { Poster } from "./exchange.ts";

/** Whether the gateway takes what this device signs. */
export type Probe =
  /** The gateway knows the key, and proved that it has it too. */
  | { readonly kind: "accepted" }
  /** The gateway does not take the signature: another key, another key number, or no such device. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Something answers that is not the gateway of this device. */
  | { readonly kind: "unproven"; readonly reason: string }
  | { readonly kind: "unreachable"; readonly reason: string };

/** What a probe stands on. */
interface ProbeIo {
  readonly device: string;
  readonly gateway: Poster;
}

/**
 * Finds out whether the gateway takes this device's signature, by an upload of nothing: it is authentic, so it is answered
 * with a proof, and it is refused for its content, so it changes nothing. It uses up one sequence number.
 */
export async function probeGateway(io: ProbeIo, signal: AbortSignal): Promise<Probe> {
  const message = { device_id: io.device, data_type: "sample_blocks", blocks: [] };
  const exchange = await io.gateway.post("/process", message, signal);
  switch (exchange.kind) {
    case "answer":
      return { kind: "accepted" };
    case "unproven":
      if (exchange.status === 401) return { kind: "refused", reason: exchange.message };
      return { kind: "unproven", reason: exchange.message };
    case "unreachable":
      return { kind: "unreachable", reason: exchange.message };
    default:
      return exchange satisfies never;
  }
}
