import { CheckRequest, ChunkRequest, CompleteRequest, VerifyRequest } from "../../ota/manifest/messages.ts";
import { type DeviceRoute, deviceRoute, jsonAnswer, parseBody, requireOwnName } from "../http/device_route.ts";
import { chunk } from "./download.ts";
import { check, type OfferIo } from "./offer.ts";
import { takeComplete, takeVerify } from "./reports.ts";

/** The paths on which devices get their firmware and report on it (contract/1-link §7). */
export function firmwareRoutes(io: OfferIo): readonly DeviceRoute[] {
  return [
    deviceRoute("/ota/check", CheckRequest, (call) => jsonAnswer(200, check(call, io))),
    {
      path: "/ota/chunk",
      prepare({ device }, request) {
        const body = parseBody(ChunkRequest, request.body);
        requireOwnName(device, body.device_id);
        const accepts = request.headers.get("accept") ?? "";
        const binary = device.auth === "signed" && accepts.includes("application/octet-stream");
        return (now) => chunk({ device, body, now }, binary, io);
      },
    },
    deviceRoute("/ota/verify", VerifyRequest, (call) => jsonAnswer(200, takeVerify(call, io))),
    deviceRoute("/ota/complete", CompleteRequest, (call) => jsonAnswer(200, takeComplete(call, io))),
  ];
}
