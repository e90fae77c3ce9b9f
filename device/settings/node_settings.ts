import type { DatabaseSync } from "node:sqlite";
import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import type { InverterHealth, NodeHealth, OutboxHealth } from "../../protocol/messages/node_health.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import { canonical } from "../../protocol/settings/registers.ts";
import { checkSettings } from "../../protocol/settings/rules.ts";
import type { SettingsRefusal } from "../../protocol/settings/target.ts";
import { isSameValue, type Settings, type SettingsValues } from "../../protocol/settings/settings.ts";
import { Period } from "../acquisition/period.ts";
import type { ConfiguredInverter } from "../equipment/buses.ts";
import type { NodeConfig } from "../config/node_config.ts";
import type { Poll } from "../inverter/poll.ts";
import type { Exchange, GatewayClient } from "../uplink/gateway_client.ts";
import { attemptOf, attemptToReach } from "./attempts.ts";
import { busRefusals } from "./bus_load.ts";
import { pollMs, registersOf, uploadMs } from "./in_force.ts";
import { SettingsKeeper } from "./keeper.ts";
import { SettingsLink, type SettingsLinkStatus } from "./link.ts";
import type { Offer, TrialState } from "./state.ts";
import { SettingsStore } from "./store.ts";
import { GATEWAY, inverterParty } from "./trial.ts";

/** What remote settings stand on. */
export interface NodeSettingsIo {
  readonly device: string;
  readonly config: NodeConfig;
  readonly inverters: readonly ConfiguredInverter[];
  readonly gateway: Pick<GatewayClient, "post">;
  /** What the node tells of its inverters whenever it asks for changes. */
  readonly inverterHealth?: () => readonly InverterHealth[];
  /** And of its samples on their way. */
  readonly outboxHealth?: () => OutboxHealth;
  /** Whether it would be no surprise if an inverter, by name, were silent now: then its silence says nothing about settings. */
  readonly maySleep?: (inverter: string) => boolean;
  readonly db: DatabaseSync;
  readonly clock: Clock;
  readonly random: Pick<Random, "float">;
  readonly log: Logger;
}

/** Remote settings of a node, for people. `null`: none, the configuration file alone. */
export interface NodeSettingsStatus extends SettingsLinkStatus {
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
 * The node's side of remote configuration (contract/1-link §5): it asks, checks, keeps, applies at an upload, reverts,
 * reports.
 */
export class NodeSettings {
  readonly #io: NodeSettingsIo;
  readonly #keeper: SettingsKeeper;
  readonly #link: SettingsLink;
  readonly #polls: ReadonlyMap<string, Period>;
  #chosen: readonly string[] | undefined;
  /** Between two uploads. */
  readonly upload: Period;
  /** The gateway, with an eye on whether it can be reached. */
  readonly gateway: Pick<GatewayClient, "post">;

  constructor(io: NodeSettingsIo) {
    this.#io = io;
    const store = new SettingsStore(io.db);
    this.#keeper = new SettingsKeeper({
      store,
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
    this.gateway = { post: (path, message, signal) => this.#post(path, message, signal) };
    const keeper = { offer: (offer: Offer) => this.#keeper.offer(this.#spelled(offer)) };
    const health = () => this.#health();
    this.#link = new SettingsLink({ ...io, gateway: this.gateway, keeper, reports: store, health });
  }

  /** Asks for changes and reports, until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.#link.run(signal);
  }

  /** Between two polls of an inverter. */
  poll({ config }: ConfiguredInverter): Period {
    return this.#polls.get(config.name) ?? new Period(pollMs({}, this.#io.config, config));
  }

  /** Polls an inverter, with an eye on whether it works. */
  async watched(
    { config, inverter }: Pick<ConfiguredInverter, "config" | "inverter">,
    signal: AbortSignal,
  ): Promise<Poll> {
    const { epoch } = this.#keeper;
    const poll = await inverter.poll(signal);
    const asleep = poll.kind === "nothing" && this.#io.maySleep?.(config.name) === true;
    if (!signal.aborted && !asleep) {
      this.#keeper.attempted(inverterParty(config.name), attemptOf(poll, inverter), epoch);
    }
    return poll;
  }

  /** To be called at every upload: settings come into force then, or go. */
  atUpload(): void {
    this.#keeper.atUpload();
  }

  status(): NodeSettingsStatus {
    const { inForce, pending, good, trial } = this.#keeper.state();
    return { configured: this.#configured(), inForce, pending, good, trial, ...this.#link.status() };
  }

  async #post(path: string, message: unknown, signal: AbortSignal): Promise<Exchange> {
    const { epoch } = this.#keeper;
    const exchange = await this.#io.gateway.post(path, message, signal);
    if (!signal.aborted) this.#keeper.attempted(GATEWAY, attemptToReach(exchange), epoch);
    return exchange;
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

  #health(): NodeHealth | undefined {
    const { inverterHealth, outboxHealth } = this.#io;
    if (inverterHealth === undefined) return undefined;
    const inverters = [...inverterHealth()];
    const outbox = outboxHealth?.();
    return { upload_interval_s: this.upload.ms / 1000, inverters, ...(outbox === undefined ? {} : { outbox }) };
  }

  #refusals(settings: Settings): readonly SettingsRefusal[] {
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
