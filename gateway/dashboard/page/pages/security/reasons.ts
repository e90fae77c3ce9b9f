import type { LoggedRequest } from "../../api/views.ts";

/** What became of a request, in a few words. */
export const REASONS: Record<LoggedRequest["reason"], string> = {
  ok: "accepted",
  unknown_device: "unknown device",
  bad_signature: "wrong signature",
  bad_digest: "wrong digest",
  replay: "replayed",
  malformed: "malformed",
  policy: "against the rules",
  bad_login: "refused login",
};
