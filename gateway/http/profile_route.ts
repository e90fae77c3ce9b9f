import { profileDocument } from "../../protocol/profile/format/document.ts";
import { compileDocument } from "../../protocol/profile/format/compile.ts";
import { BroughtProfile, MAX_PROFILE_BYTES } from "../../protocol/messages/profiles.ts";
import { Fault } from "../fault.ts";
import type { UploadPace } from "../ingest/upload_bounds.ts";
import type { LearnedProfiles } from "../store/learned_profiles.ts";
import { checkBody, type DeviceRoute, jsonAnswer, parseBody, requireOwnName } from "./device_route.ts";

interface ProfileRouteIo {
  readonly profiles: Pick<LearnedProfiles, "learn">;
  readonly pace: UploadPace;
}

/** What the rest of a body takes beside the document. */
const FRAME_BYTES = 1_024;
/** What a document costs to check, in values of an upload: sixty a minute, and no samples then. */
const DOCUMENT_WORK = 200_000;

/** `POST /profiles` (contract/1-link §8): a profile that a node brings along, for blocks that name it. */
export function createProfileRoute({ profiles, pace }: ProfileRouteIo): DeviceRoute {
  return {
    path: "/profiles",
    prepare({ kind, device }, { body }) {
      if (kind !== "signed") throw new Fault("forbidden", "A board has the ten registers, and brings no profiles");
      if (body.length > MAX_PROFILE_BYTES + FRAME_BYTES) throw tooLarge();
      const { device_id, document: written } = parseBody(BroughtProfile, body);
      requireOwnName(device, device_id);
      const text = JSON.stringify(written);
      if (text.length > MAX_PROFILE_BYTES) throw tooLarge();
      pace.take(device.row, DOCUMENT_WORK);
      const document = checkBody(profileDocument(), written, { code: "refused", message: "It is no valid profile" });
      const compiled = compileDocument(document);
      return (now) => {
        const ids = profiles.learn({ device: device.deviceId, kind: compiled, text }, now);
        return jsonAnswer(200, { status: "success", device_id, profiles: ids });
      };
    },
  };
}

function tooLarge(): Fault {
  return new Fault("too_large", `A profile has at most ${MAX_PROFILE_BYTES} bytes as JSON`);
}
