import type { InverterHealth } from "../../protocol/messages/node_health.ts";
import type { Acquisition } from "../acquisition/acquisition.ts";
import type { SamplerStatus } from "../acquisition/sampler.ts";
import type { CommandRunnerStatus } from "../command/command_runner.ts";
import type { Oddities, QuarantinedRegister } from "../inverter/inverter.ts";
import type { Withheld } from "../inverter/poll.ts";
import type { OutboxStatus } from "../outbox/outbox_status.ts";
import type { SettingsLinkStatus } from "../settings/link.ts";
import type { NodeSettingsStatus } from "../settings/node_settings.ts";
import type { UplinkStatus } from "../uplink/uplink.ts";

/** How one inverter is doing. */
export interface InverterStatus extends SamplerStatus {
  /** Whether it works, sleeps or is at fault. */
  readonly health: InverterHealth;
  /** Profile id, once known. */
  readonly profile?: string;
  readonly quarantined: readonly QuarantinedRegister[];
  readonly withheld: Readonly<Withheld>;
  readonly oddities: Oddities;
}

/** How a node is doing. */
export interface NodeStatus {
  readonly device: string;
  readonly inverters: readonly InverterStatus[];
  readonly outbox: OutboxStatus;
  readonly uplink: UplinkStatus;
  readonly commands: CommandRunnerStatus;
  readonly settings: NodeSettingsStatus & SettingsLinkStatus;
}

/** The parts that say how they are doing. */
interface StatusParts {
  readonly device: string;
  readonly acquisitions: readonly Acquisition[];
  readonly outbox: { status(): OutboxStatus };
  readonly uplink: { status(): UplinkStatus };
  readonly commands: { status(): CommandRunnerStatus };
  readonly settings: { status(): NodeSettingsStatus };
  readonly settingsLink: { status(): SettingsLinkStatus };
}

/** Asks all parts how they are doing. */
export function nodeStatus(parts: StatusParts): NodeStatus {
  const { device, acquisitions, outbox, uplink, commands, settings, settingsLink } = parts;
  return {
    device,
    inverters: acquisitions.map((acquisition) => inverterStatus(acquisition)),
    outbox: outbox.status(),
    uplink: uplink.status(),
    commands: commands.status(),
    settings: { ...settings.status(), ...settingsLink.status() },
  };
}

function inverterStatus({ inverter, sampler, watch }: Acquisition): InverterStatus {
  const profile = inverter.profile()?.id;
  return {
    ...sampler.status(),
    health: watch.health(),
    ...(profile === undefined ? {} : { profile }),
    quarantined: inverter.quarantined(),
    withheld: inverter.withheld(),
    oddities: inverter.oddities(),
  };
}
