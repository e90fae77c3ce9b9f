import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import { canonical } from "../../protocol/settings/registers.ts";
import { checkSettings } from "../../protocol/settings/rules.ts";
import type { BrokenRule } from "../../protocol/settings/broken_rule.ts";
import { isSameValue, type Settings, type SettingsValues } from "../../protocol/settings/settings.ts";
import { Period } from "../acquisition/period.ts";
import type { PollObserver } from "../acquisition/sampler.ts";
import type { ConfiguredInverter } from "../equipment/inverters.ts";
import type { NodeConfig } from "../config/node_config.ts";
import type { ExchangeReport, GatewayObserver } from "../uplink/exchange.ts";
import { attemptOf, attemptToReach } from "./attempts.ts";
import { busRefusals } from "./bus_load.ts";
import { pollMs, registersOf, uploadMs } from "./in_force.ts";
import { SettingsKeeper } from "./keeper.ts";
import type { Offer, TrialState } from "./state.ts";
import type { SettingsStore } from "./store.ts";
import { GATEWAY, inverterParty } from "./trial.ts";

/** Dependencies of a node's settings. */
interface NodeSettingsIo {
  readonly config: NodeConfig;
  readonly inverters: readonly ConfiguredInverter[];
  readonly store: Pick<SettingsStore, "load" | "keep">;
  readonly clock: Pick<Clock, "monotonic">;
  readonly log: Logger;
}

/** Settings of a node, for people. `null`: none, the configuration file alone. */
export interface NodeSettingsStatus {
  /** What the configuration file says, in seconds; an inverter's own interval and registers besides. */
  readonly configured: SettingsValues;
  /** What was set from afar and is in force: it wins over the file. */
  readonly inForce: Settings | null;
  /** Accepted, in force from the next upload on. */
  readonly pending: Settings | null;
  /** The last ones that proved themselves: in force again should those in force fail. */
  readonly good: Settings | null;
  /** Who has to work, and who has, before those in force are good; `null`: they are. */
  readonly trial: TrialState | null;
}

/**
 * What a node works by: its configuration file, and what was set from afar (contract/4-configuration), which is checked, kept,
 * applied at an upload, and reverted when polls or the gateway fail under it. It hears of both as an observer.
 */
export class NodeSettings implements GatewayObserver {
  readonly #io: NodeSettingsIo;
  readonly #keeper: SettingsKeeper;
  readonly #polls: ReadonlyMap<string, Period>;
  #chosen: readonly string[] | undefined;
  /** Between two uploads. */
  readonly upload: Period;

  constructor(io: NodeSettingsIo) {
    this.#io = io;
    this.#keeper = new SettingsKeeper({
      store: io.store,
      parties: [GATEWAY, ...io.inverters.map(({ config }) => inverterParty(config.name))],
      refusals: (settings) => this.#refusals(settings),
      putInForce: (settings) => this.#putInForce(settings ?? {}),
      clock: io.clock,
      log: io.log,
    });
    const inForce = this.#keeper.state().inForce ?? {};
    this.upload = new Period(uploadMs(inForce, io.config));
    this.#polls = new Map(
      io.inverters.map(({ config }) => [config.name, new Period(pollMs(inForce, io.config, config))]),
    );
    this.#choose(inForce);
  }

  /** Between two polls of an inverter. */
  poll({ config }: ConfiguredInverter): Period {
    return this.#polls.get(config.name) ?? new Period(pollMs({}, this.#io.config, config));
  }

  /** Takes in what the gateway wants; false when it was dealt with before. Throws when the disk refuses. */
  offer(offer: Offer): boolean {
    return this.#keeper.offer(this.#spelled(offer));
  }

  /** An exchange with the gateway shows whether it can be reached under the settings in force. */
  exchanged({ exchange, beganAt }: ExchangeReport): void {
    this.#keeper.attempted(GATEWAY, attemptToReach(exchange), beganAt);
  }

  /**
   * Hears of an inverter's polls, which show whether it works under the settings in force. The silence of one that may sleep
   * says nothing about settings.
   */
  observer(
    { config, inverter }: Pick<ConfiguredInverter, "config" | "inverter">,
    watch: { maySleep(): boolean },
  ): PollObserver {
    const party = inverterParty(config.name);
    return {
      polled: ({ poll, beganAt }) => {
        if (poll.kind === "nothing" && watch.maySleep()) return;
        this.#keeper.attempted(party, attemptOf(poll, inverter), beganAt);
      },
    };
  }

  /** To be called at every upload: settings come into force then, or go. */
  atUpload(): void {
    this.#keeper.atUpload();
  }

  status(): NodeSettingsStatus {
    const { inForce, pending, good, trial } = this.#keeper.state();
    return { configured: this.#configured(), inForce, pending, good, trial };
  }

  #putInForce(settings: SettingsValues): void {
    this.upload.set(uploadMs(settings, this.#io.config));
    for (const { config } of this.#io.inverters) {
      this.#polls.get(config.name)?.set(pollMs(settings, this.#io.config, config));
    }
    this.#choose(settings);
  }

  /** The same registers again are not chosen again: an inverter would forget what it learned of its values. */
  #choose(settings: SettingsValues): void {
    if (isSameValue(settings.registers, this.#chosen)) return;
    this.#chosen = settings.registers;
    for (const { config, inverter } of this.#io.inverters) {
      const choice = inverter.choose(registersOf(settings, config));
      if (!choice.ok) this.#io.log.error("{inverter}: {message}", { inverter: config.name, message: choice.detail });
    }
  }

  #refusals(settings: Settings): readonly BrokenRule[] {
    const { config, inverters } = this.#io;
    const refusals = checkSettings(settings, {
      auth: "signed",
      profiles: this.#profiles(),
      inForce: this.#configured(),
      bufferBytes: config.outbox_limit,
    });
    return refusals.length > 0 ? refusals : busRefusals(settings, config, inverters);
  }

  /** The maps of the inverters; none while one is not known, which may have any register. */
  #profiles(): readonly Profile[] {
    const profiles = this.#io.inverters.map(({ inverter }) => inverter.profile());
    const known = profiles.filter((profile) => profile !== undefined);
    return known.length < profiles.length ? [] : [...new Set(known)];
  }

  #spelled(offer: Offer): Offer {
    if (offer.kind !== "settings") return offer;
    const { version } = offer.settings;
    return { kind: "settings", settings: { ...canonical(offer.settings, this.#profiles()), version } };
  }

  #configured(): SettingsValues {
    const { poll_interval, upload_interval } = this.#io.config;
    return { poll_interval_s: poll_interval / 1000, upload_interval_s: upload_interval / 1000 };
  }
}
