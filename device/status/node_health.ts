import type { InverterHealth, NodeHealth, OutboxHealth } from "../../protocol/messages/node_health.ts";

/** The parts that the gateway hears of. */
interface HealthParts {
  readonly acquisitions: readonly { readonly watch: { health(): InverterHealth } }[];
  readonly outbox: { health(): OutboxHealth };
  readonly formerNames: { of(inverter: string): readonly string[] };
  readonly settings: { readonly upload: { readonly ms: number } };
}

/** What a node tells the gateway of itself whenever it asks for settings. */
export function nodeHealth({ acquisitions, outbox, formerNames, settings }: HealthParts): NodeHealth {
  return {
    upload_interval_s: settings.upload.ms / 1000,
    inverters: acquisitions.map(({ watch }) => {
      const health = watch.health(), formerly = formerNames.of(health.inverter);
      return formerly.length === 0 ? health : { ...health, formerly: [...formerly] };
    }),
    outbox: outbox.health(),
  };
}
