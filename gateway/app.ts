import { OpenAPIHono } from "@hono/zod-openapi";
import { RecentLog } from "../platform/recent_log.ts";
import { type Access, type AccessIo, createAccess } from "./api/access.ts";
import { addDeviceRoutes } from "./api/devices.ts";
import { addCommandAbilityRoutes } from "./api/command_abilities.ts";
import { addCommandRoutes } from "./api/commands.ts";
import { addMqttRoutes } from "./api/mqtt.ts";
import { addEnergyRoutes } from "./api/energy.ts";
import { addEventRoutes } from "./api/events.ts";
import type { EventStreams } from "./api/event_streams.ts";
import { addFirmwareRoutes } from "./api/firmware.ts";
import { addFirmwareRolloutRoutes } from "./api/firmware_rollouts.ts";
import { addFirmwareStatusRoutes } from "./api/firmware_status.ts";
import type { ApiEnv } from "./api/env.ts";
import { onError, onUnknown, validationFault } from "./api/errors.ts";
import { addDocumentRoute } from "./api/document/document.ts";
import { addMetricsRoute } from "./api/metrics.ts";
import { addPowerRoutes } from "./api/power.ts";
import { addSampleRoutes } from "./api/samples.ts";
import { addInverterRoutes } from "./api/inverters.ts";
import { addLabelRoutes } from "./api/labels.ts";
import { addSettingsRolloutRoutes } from "./api/settings_rollouts.ts";
import { addTemplateRoutes } from "./api/settings_templates.ts";
import { addSettingsRoutes } from "./api/settings.ts";
import { addSecurityRoutes } from "./api/security.ts";
import { addSessionRoutes } from "./api/session.ts";
import { addStatusRoutes } from "./api/status.ts";
import { addSystemRoutes } from "./api/system.ts";
import { addTokenRoutes } from "./api/tokens.ts";
import type { GatewayConfig } from "./config.ts";
import type { GatewayIo } from "./gateway_io.ts";
import type { Handler } from "./http/server.ts";
import type { GatewayMetrics } from "./metrics/gateway_metrics.ts";
import type { Services } from "./services.ts";
import type { Ages } from "./store/retention.ts";
import type { Stores } from "./store/stores.ts";
import type { Tokens } from "./store/tokens.ts";
import { createBackups } from "./system/backups.ts";
import type { MqttLink } from "./system/mqtt_link.ts";

/** What operators are served from. */
interface AppParts {
  readonly stores: Stores;
  readonly services: Services;
  /** Who may come in. */
  readonly tokens: Tokens;
  readonly metrics: Pick<GatewayMetrics, "text">;
  readonly events: EventStreams;
  /** `undefined`: MQTT is off. */
  readonly mqttLink: () => MqttLink | undefined;
  /** How long samples are kept. */
  readonly ages: Ages;
  /** What the gateway was started with, and when; a command of this machine knows neither. */
  readonly started?: { readonly config: GatewayConfig; readonly at: number };
  readonly io: GatewayIo;
}

/** What the gateway serves to operators; the paths of devices are beside it (device_api.ts). */
export type App = OpenAPIHono<ApiEnv>;

/** Puts all routes together. Whatever they throw becomes a problem (contract/1-link §1), also what nobody foresaw. */
export function createApp(parts: AppParts): App {
  const app: App = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) throw validationFault(result.error);
    },
  });
  const { stores: { sessions, commit }, tokens, io: { clock, random, log, version } } = parts;
  const credentials = { sessions, tokens, commit, clock, log };
  const access = createAccess(credentials);
  addGateway(app, access, parts);
  addDevices(app, access, parts);
  addCommands(app, access, parts);
  addSettings(app, access, parts);
  addFirmware(app, access, parts);
  addOperators(app, access, parts, credentials);
  addDocumentRoute(app, access, version);
  app.onError(onError({ log, random }));
  const unknown = onUnknown(app);
  app.notFound((c) => unknown(c.req.path, c.req.method));
  return app;
}

/** The gateway itself, and who is refused. */
function addGateway(app: App, access: Access, { stores, services, mqttLink, ...parts }: AppParts): void {
  const { devices, securityLog, replay, rollouts, firmwareSessions } = stores;
  const { management, states } = services;
  const { dataDir, version, clock, recentLog = new RecentLog(1) } = parts.io;
  const mqttConnected = () => mqttLink()?.connected ?? false;
  addStatusRoutes(app, access, { version, clock, mqttConnected, storeTrouble: services.storeTrouble });
  addMetricsRoute(app, access, { metrics: parts.metrics });
  addSystemRoutes(app, access, {
    devices,
    states,
    management,
    securityLog,
    rollouts,
    firmwareSessions,
    mqttLink,
    recentLog,
    dataDir,
    version,
    clock,
    config: parts.started?.config ?? {},
    startedAt: parts.started?.at,
    backups: createBackups({ dataDir, version, clock }),
  });
  addSecurityRoutes(app, access, { management, devices, securityLog, replay });
}

/** Devices, and what they upload. */
function addDevices(app: App, access: Access, { services, mqttLink, ages, io: { clock } }: AppParts): void {
  const { management, states, reader, inverters, removeInverter, energy } = services;
  addDeviceRoutes(app, access, { management, states, inverters, activity: reader.activity });
  addInverterRoutes(app, access, { removeInverter });
  addPowerRoutes(app, access, { management, states, inverters, reader, clock });
  addSampleRoutes(app, access, { management, reader, ages, clock });
  addEnergyRoutes(app, access, { management, energy, clock });
  addMqttRoutes(app, access, { mqttLink });
}

function addCommands(app: App, access: Access, { services: { commandService } }: AppParts): void {
  addCommandRoutes(app, access, { commandService });
  addCommandAbilityRoutes(app, access, { commandService });
}

function addSettings(app: App, access: Access, { stores, services, io: { clock } }: AppParts): void {
  const { labels, templates, commit } = stores;
  const { management, settings, settingsRollouts } = services;
  addSettingsRoutes(app, access, { settings });
  addLabelRoutes(app, access, { management, labels, commit });
  addTemplateRoutes(app, access, { templates, commit, clock });
  addSettingsRolloutRoutes(app, access, { settingsRollouts });
}

function addFirmware(app: App, access: Access, { stores, services }: AppParts): void {
  const { devices, firmwareSessions } = stores;
  const { management, firmware, firmwareRollouts } = services;
  addFirmwareRoutes(app, access, { firmware, firmwareRollouts });
  addFirmwareRolloutRoutes(app, access, { firmwareRollouts, management });
  addFirmwareStatusRoutes(app, access, { firmware, firmwareSessions, devices, management });
}

/** Who may do all this, and what those who look are told. */
function addOperators(app: App, access: Access, parts: AppParts, credentials: AccessIo): void {
  const { stores: { securityLog }, services: { management }, events, io: { clock } } = parts;
  addTokenRoutes(app, access, { management, clock });
  addSessionRoutes(app, access, { ...credentials, securityLog });
  addEventRoutes(app, access, { ...credentials, events });
}

/** The application as the server calls it. */
export function handlerOf(app: App): Handler {
  return (request, address) => app.fetch(request, { address });
}
