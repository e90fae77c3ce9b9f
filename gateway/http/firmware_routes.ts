import { toBase64 } from "../../crypto/bytes.ts";
import {
  CheckRequest,
  CHUNK_HEADERS,
  type ChunkAnswer,
  ChunkRequest,
  CompleteRequest,
  VerifyRequest,
} from "../../ota/manifest/messages.ts";
import { fetchChunk, type FetchedChunk } from "../firmware/download.ts";
import { answerTo, check, type OfferIo } from "../firmware/offer.ts";
import { takeComplete, takeVerify } from "../firmware/reports.ts";
import { type Answer, type DeviceRoute, deviceRoute, jsonAnswer, parseBody, requireOwnName } from "./device_route.ts";

/** The paths on which devices get their firmware and report on it (contract/1-link §7). */
export function firmwareRoutes(io: OfferIo): readonly DeviceRoute[] {
  return [
    deviceRoute("/ota/check", CheckRequest, (call) => {
      const answer = answerTo(call.body, check(call, io), io);
      return typeof answer === "function" ? async () => jsonAnswer(200, await answer()) : jsonAnswer(200, answer);
    }),
    chunkRoute(io),
    deviceRoute("/ota/verify", VerifyRequest, (call) => jsonAnswer(200, takeVerify(call, io))),
    deviceRoute("/ota/complete", CompleteRequest, (call) => jsonAnswer(200, takeComplete(call, io))),
  ];
}

/** Nodes may ask for the bytes as they are; everybody else gets them as Base64 in JSON. */
function chunkRoute(io: OfferIo): DeviceRoute {
  return {
    path: "/ota/chunk",
    prepare({ device }, request) {
      const body = parseBody(ChunkRequest, request.body);
      requireOwnName(device, body.device_id);
      const accepts = request.headers.get("accept") ?? "";
      const binary = device.auth === "signed" && accepts.includes("application/octet-stream");
      return (now) => {
        const fetched = fetchChunk({ device, body, now }, io);
        return async () => binary ? binaryAnswer(await fetched()) : jsonAnswer(200, answerOf(await fetched()));
      };
    },
  };
}

function answerOf({ number, data, hmac, received, total }: FetchedChunk): ChunkAnswer {
  const percentage = Math.round(1000 * received / total) / 10;
  return {
    chunk: { chunk_number: number, data: toBase64(data), size: data.length, hmac, total_chunks: total },
    progress: { chunks_received: received, total_chunks: total, percentage },
  };
}

function binaryAnswer({ number, data, hmac, digest, total }: FetchedChunk): Answer {
  const headers = {
    [CHUNK_HEADERS.number]: String(number),
    [CHUNK_HEADERS.hmac]: hmac,
    [CHUNK_HEADERS.total]: String(total),
  };
  return { status: 200, type: "application/octet-stream", body: data, digest, headers };
}
