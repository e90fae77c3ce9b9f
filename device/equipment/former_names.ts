import type { Logger } from "@logtape/logtape";
import { MAX_FORMER_NAMES } from "../../protocol/messages/node_health.ts";
import type { ConfiguredInverter } from "./inverters.ts";
import type { Inverter } from "../inverter/inverter.ts";

/** Which inverter each name stood for last. */
export interface InverterIdentities {
  load(): ReadonlyMap<string, string>;
  /** Throws when the disk refuses. */
  keep(inverter: string, identity: string): void;
}

/** A configured inverter, as far as it tells which one it is. */
interface Nameable extends Pick<ConfiguredInverter, "place"> {
  readonly config: { readonly name: string };
  readonly inverter: Pick<Inverter, "profile" | "identity">;
}

interface FormerNamesIo {
  readonly inverters: readonly Nameable[];
  readonly identities: InverterIdentities;
  readonly log: Logger;
}

/** Knows inverters again that were given another name: by their serial number, or else by where they hang. */
export class FormerNames {
  readonly #io: FormerNamesIo;
  readonly #inverters: ReadonlyMap<string, Nameable>;
  readonly #known: Map<string, string>;

  constructor(io: FormerNamesIo) {
    this.#io = io;
    this.#inverters = new Map(io.inverters.map((one) => [one.config.name, one]));
    this.#known = new Map(io.identities.load());
  }

  /** Names that this inverter had and that none has now; none while it is not known which one it is. */
  of(inverter: string): readonly string[] {
    const configured = this.#inverters.get(inverter);
    const identity = configured && identityOf(configured);
    if (identity === undefined) return [];
    this.#remember(inverter, identity);
    const former = [...this.#known].filter(([name, one]) => one === identity && !this.#inverters.has(name));
    return former.map(([name]) => name).slice(-MAX_FORMER_NAMES);
  }

  #remember(inverter: string, identity: string): void {
    if (this.#known.get(inverter) === identity) return;
    this.#known.set(inverter, identity);
    try {
      this.#io.identities.keep(inverter, identity);
    } catch (error) {
      this.#io.log.warn("serial number of {inverter} not written down: {error}", { inverter, error }); // after the next start
    }
  }
}

function identityOf({ inverter, place }: Nameable): string | undefined {
  if (inverter.profile() === undefined) return undefined;
  const { manufacturer = "", serialNumber = "" } = inverter.identity() ?? {};
  return serialNumber === "" ? `at ${place}` : `${manufacturer} ${serialNumber}`;
}
