import { OpenAPIHono } from "@hono/zod-openapi";
import { type Access, type AccessIo, createAccess } from "./api/access.ts";
import { addDeviceRoutes, type DevicesApiIo } from "./api/devices.ts";
import { addCommandAbilityRoutes } from "./api/command_abilities.ts";
import { addCommandRoutes, type CommandsApiIo } from "./api/commands.ts";
import { addMqttRoutes, type MqttApiIo } from "./api/mqtt.ts";
import { addEnergyRoutes, type EnergyApiIo } from "./api/energy.ts";
import { addEventRoutes, type EventsApiIo } from "./api/events.ts";
import { addFirmwareRoutes, type FirmwareApiIo } from "./api/firmware.ts";
import { addFirmwareRolloutRoutes, type FirmwareRolloutsApiIo } from "./api/firmware_rollouts.ts";
import { addFirmwareStatusRoutes, type FirmwareStatusApiIo } from "./api/firmware_status.ts";
import type { ApiEnv } from "./api/env.ts";
import { type ErrorsIo, onError, onUnknown, validationFault } from "./api/errors.ts";
import { addDocumentRoute } from "./api/document/document.ts";
import { addMetricsRoute, type MetricsApiIo } from "./api/metrics.ts";
import { addPowerRoutes, type PowerApiIo } from "./api/power.ts";
import { addSampleRoutes, type SamplesApiIo } from "./api/samples.ts";
import { addLabelRoutes, type LabelsApiIo } from "./api/labels.ts";
import { addRolloutRoutes, type RolloutsApiIo } from "./api/settings_rollouts.ts";
import { addTemplateRoutes, type TemplatesApiIo } from "./api/settings_templates.ts";
import { addSettingsRoutes, type SettingsApiIo } from "./api/settings.ts";
import { addSecurityRoutes, type SecurityApiIo } from "./api/security.ts";
import { addSessionRoutes, type SessionApiIo } from "./api/session.ts";
import { addStatusRoutes, type StatusApiIo } from "./api/status.ts";
import { addSystemRoutes, type SystemApiIo } from "./api/system.ts";
import { addTokenRoutes, type TokensApiIo } from "./api/tokens.ts";
import type { Handler } from "./http/server.ts";

/** Everything the routes need. */
export type AppIo =
  & AccessIo
  & ErrorsIo
  & CommandsApiIo
  & DevicesApiIo
  & PowerApiIo
  & SamplesApiIo
  & EnergyApiIo
  & MqttApiIo
  & SecurityApiIo
  & SettingsApiIo
  & LabelsApiIo
  & TemplatesApiIo
  & RolloutsApiIo
  & FirmwareApiIo
  & FirmwareRolloutsApiIo
  & FirmwareStatusApiIo
  & MetricsApiIo
  & StatusApiIo
  & EventsApiIo
  & SessionApiIo
  & SystemApiIo
  & TokensApiIo;

/** What the gateway serves to operators; the paths of devices are beside it (device_paths.ts). */
export type App = OpenAPIHono<ApiEnv>;

/** Puts all routes together. Whatever they throw becomes a problem (contract/1-link §1), also what nobody foresaw. */
export function createApp(io: AppIo): App {
  const app: App = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) throw validationFault(result.error);
    },
  });
  const access: Access = createAccess(io);
  addStatusRoutes(app, access, io);
  addMetricsRoute(app, access, io);
  addSystemRoutes(app, access, io);
  addSecurityRoutes(app, access, io);
  addDeviceRoutes(app, access, io);
  addPowerRoutes(app, access, io);
  addSampleRoutes(app, access, io);
  addEnergyRoutes(app, access, io);
  addMqttRoutes(app, access, io);
  addCommandRoutes(app, access, io);
  addCommandAbilityRoutes(app, access, io);
  addSettingsRoutes(app, access, io);
  addLabelRoutes(app, access, io);
  addTemplateRoutes(app, access, io);
  addRolloutRoutes(app, access, io);
  addFirmwareRoutes(app, access, io);
  addFirmwareRolloutRoutes(app, access, io);
  addFirmwareStatusRoutes(app, access, io);
  addTokenRoutes(app, access, io);
  addSessionRoutes(app, access, io);
  addEventRoutes(app, access, io);
  addDocumentRoute(app, access, io.version);
  app.onError(onError(io));
  const unknown = onUnknown(app);
  app.notFound((c) => unknown(c.req.path, c.req.method));
  return app;
}

/** The application as the server calls it. */
export function handlerOf(app: App): Handler {
  return (request, address) => app.fetch(request, { address });
}
