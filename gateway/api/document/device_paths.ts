import { type OpenAPIHono, z } from "@hono/zod-openapi";
import {
  CommandGet,
  CommandGetAnswer,
  CommandReport,
  CommandReportAnswer,
} from "../../../protocol/command/device_messages.ts";
import { BroughtProfile, BroughtProfileAnswer } from "../../../protocol/messages/profiles.ts";
import { SampleBlocksAnswer, SampleBlocksUpload } from "../../../protocol/messages/sample_blocks.ts";
import {
  CheckAnswer,
  CheckRequest,
  ChunkAnswer,
  ChunkRequest,
  CompleteRequest,
  OtaReportAnswer,
  VerifyRequest,
} from "../../../ota/manifest/messages.ts";
import { NodeHealth } from "../../../protocol/messages/node_health.ts";
import { ChangesAnswer, ChangesRequest } from "../../../protocol/settings/changes.ts";
import { ConfigReport, ConfigReportAnswer } from "../../../protocol/settings/report.ts";
import type { ApiEnv } from "../env.ts";
import { json, PROBLEMS } from "../problem_schema.ts";

type Registry = OpenAPIHono<ApiEnv>["openAPIRegistry"];

/** A path that devices post to, as its documentation has it. */
interface DevicePath {
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly request: z.ZodType;
  readonly answer: z.ZodType;
  /** Whether the answer may be the bytes themselves. */
  readonly binary?: true;
}

const BoardUpload = z.looseObject({
  device_id: z.string().describe("The name that all boards of a build share"),
  timestamp: z.int().describe("The board's milliseconds since its start"),
  total_samples: z.int(),
  compressed_data: z.array(z.looseObject({
    compressed_binary: z.string().describe("Base64 of one frame, as the board makes it"),
    decompression_metadata: z.looseObject({
      compressed_size_bytes: z.int(),
      timestamp: z.int(),
      register_layout: z.array(z.int()).length(6),
    }),
  })),
}).describe("A body of an ESP32 board. One of exactly 4096 bytes that ends within its JSON is taken as far as it goes");

const UploadAnswer = z.looseObject({
  ...SampleBlocksAnswer.partial({ accepted_blocks: true, duplicate_blocks: true }).shape,
  total_samples_processed: z.int(),
  message: z.string(),
});

/** As the node writes it; the gateway takes a health that it does not understand for none. */
const Changes = ChangesRequest.extend({ health: NodeHealth.optional() });

const PATHS: readonly DevicePath[] = [
  {
    path: "/process",
    summary: "Uploads samples; 200 says that they are on disk",
    description:
      "A node sends blocks of ecowatt-block/1 and may forget every block that the answer names. A board sends " +
      "its compressed frames. The number of the request is used up in the transaction that stores the samples: a " +
      "repeated request is refused and stores nothing.",
    request: z.union([SampleBlocksUpload, BoardUpload]),
    answer: UploadAnswer,
  },
  {
    path: "/changes",
    summary: "Asks for new settings, and tells how the node is doing",
    request: Changes,
    answer: ChangesAnswer,
  },
  {
    path: "/device_settings",
    summary: "The same as /changes, for boards of older builds",
    request: Changes,
    answer: ChangesAnswer,
  },
  {
    path: "/config/report",
    summary: "Reports what became of settings",
    request: ConfigReport,
    answer: ConfigReportAnswer,
  },
  {
    path: "/command/get",
    summary: "Takes the commands that wait, or waits for one",
    description: "Waits for `wait_s` seconds while there is none. A command that was handed out is leased, not gone: " +
      "without a report it comes again.",
    request: CommandGet,
    answer: CommandGetAnswer,
  },
  {
    path: "/command/report",
    summary: "Reports how a command ended",
    request: CommandReport,
    answer: CommandReportAnswer,
  },
  {
    path: "/profiles",
    summary: "Brings the profile of a device that the gateway does not know",
    description: "Blocks may name its maps from then on. 64 KiB at most; a profile is kept as long as samples need it.",
    request: BroughtProfile,
    answer: BroughtProfileAnswer,
  },
  { path: "/ota/check", summary: "Asks whether there is new firmware", request: CheckRequest, answer: CheckAnswer },
  {
    path: "/ota/chunk",
    summary: "One chunk of the encrypted image",
    description: "A node that accepts application/octet-stream gets the bytes, and X-Chunk-Number, X-Chunk-Hmac and " +
      "X-Total-Chunks as headers.",
    request: ChunkRequest,
    answer: ChunkAnswer,
    binary: true,
  },
  {
    path: "/ota/verify",
    summary: "Tells how the checks of a complete download ended",
    request: VerifyRequest,
    answer: OtaReportAnswer,
  },
  {
    path: "/ota/complete",
    summary: "Tells how an update ended",
    request: CompleteRequest,
    answer: OtaReportAnswer,
  },
];

/** What a signed request says of itself; boards send the number only, and that only with uploads. */
const SignedHeaders = z.object({
  "x-device-id": z.string().optional().describe("The device; part of what is signed"),
  "x-sequence-number": z.string().optional().describe("1 to 2^52, never used before; a board begins at 0"),
  "content-digest": z.string().optional().describe("RFC 9530: sha-256 of the body"),
  "signature-input": z.string().optional().describe("RFC 9421: what is signed, when, with which key"),
});

/** Puts the paths of devices beside the operators' ones into the document. */
export function describeDevicePaths(registry: Registry): void {
  for (const { path, summary, description, request, answer, binary } of PATHS) {
    const ok = json(answer, "Done, and on disk");
    const bytes = { "application/octet-stream": { schema: z.any() } };
    registry.registerPath({
      method: "post",
      path,
      tags: ["devices' own"],
      summary,
      ...(description === undefined ? {} : { description }),
      security: [{ device: [] }, { board: [] }],
      request: {
        headers: SignedHeaders,
        body: { required: true, content: { "application/json": { schema: request } } },
      },
      responses: { 200: binary ? { ...ok, content: { ...ok.content, ...bytes } } : ok, ...PROBLEMS },
    });
  }
}
