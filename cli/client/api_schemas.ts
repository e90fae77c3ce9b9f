import { z } from "zod";

/** What the operator API answers, as far as the command line shows it. */
export const DeviceInfo = z.object({
  device_id: z.string(),
  model: z.string(),
  auth: z.enum(["signed", "legacy"]),
  wire_id: z.string().nullable(),
  created_at_ms: z.number(),
  last_upload_ms: z.number().nullable(),
  last_sample_ms: z.number().nullable(),
  inverters: z.array(z.string()),
  state: z.enum(["ok", "asleep", "stale", "fault"]),
  state_since_ms: z.number(),
  state_reason: z.string(),
  inverter_states: z.array(
    z.object({ inverter: z.string(), state: z.string(), since_ms: z.number(), reason: z.string() }),
  ),
});
export type DeviceInfo = z.infer<typeof DeviceInfo>;

export const DevicePage = z.object({ devices: z.array(DeviceInfo), next: z.string().nullable() });

export const Labels = z.object({ device_id: z.string(), labels: z.array(z.string()) });

const KeyInfo = z.object({
  number: z.number(),
  created_at_ms: z.number(),
  revoked_at_ms: z.number().nullable(),
});

export const DeviceDetails = DeviceInfo.extend({ keys: z.array(KeyInfo) });

/** A key as it is told once: 64 hex digits. */
export const KeySecret = z.object({ number: z.number(), key: z.string().regex(/^[0-9a-f]{64}$/) });
export type KeySecret = z.infer<typeof KeySecret>;

export const AddedDevice = DeviceInfo.extend({ key: KeySecret });

const TokenInfo = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(["viewer", "operator", "admin"]),
  created_at_ms: z.number(),
  expires_at_ms: z.number().nullable(),
  revoked_at_ms: z.number().nullable(),
  last_used_ms: z.number().nullable(),
});

export const TokenList = z.object({ tokens: z.array(TokenInfo) });

export const AddedToken = TokenInfo.extend({ token: z.string() });

/** No body. */
export const Nothing = z.undefined();
