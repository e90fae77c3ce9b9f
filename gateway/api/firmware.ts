import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { BoardManifest, type Firmware, KeySetName, NewFirmware } from "../../ota/manifest/firmware.ts";
import { FirmwareModel, FirmwareVersion } from "../../ota/manifest/version.ts";
import { checkBody } from "../http/device_route.ts";
import { Fault } from "../fault.ts";
import type { FirmwareRepository } from "../../ota/repository/firmware_repository.ts";
import { type FirmwareRollouts, isRolledOut } from "../firmware/rollouts.ts";
import type { Access } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { imagePieces, MANIFEST_HEADER, manifestHeader, taken } from "./firmware_upload.ts";
import { json, PROBLEMS } from "./problem_schema.ts";

export const View = z.object({
  model: z.string(),
  version: z.string(),
  audience: z.enum(["board", "node"]),
  keys: z.string().describe("The set of keys that it was made with"),
  sequence: z.number().int().nullable(),
  original_size: z.number().int(),
  encrypted_size: z.number().int(),
  sha256_hash: z.string(),
  signature: z.string().nullable(),
  iv: z.string(),
  chunk_size: z.number().int(),
  total_chunks: z.number().int(),
  min_version: z.string().nullable(),
  manifest: z.string().nullable().describe("Canonical JSON, as nodes get it"),
  manifest_signature: z.string().nullable(),
  added_at_ms: z.number().int(),
}).openapi("Firmware");

const Param = z.object({ model: FirmwareModel, version: FirmwareVersion });
const AddQuery = z.object({
  model: FirmwareModel,
  version: FirmwareVersion,
  audience: z.enum(["board", "node"]).default("node"),
  keys: KeySetName.default("default"),
  sequence: z.coerce.number().int().min(1).optional(),
  min_version: FirmwareVersion.optional(),
  chunk_size: z.coerce.number().int().optional(),
});
const SignedQuery = z.object({ keys: KeySetName.default("default") });
const ImportQuery = z.object({ model: FirmwareModel, keys: KeySetName.default("default") });
const Signed = z.object({ manifest: z.string(), manifest_signature: z.string() });

interface FirmwareApiIo {
  readonly firmware: FirmwareRepository;
  readonly firmwareRollouts: Pick<FirmwareRollouts, "running">;
}

/** `/api/v1/firmware`: the images that can be offered to devices. Uploads stream and take constant memory. */
export function addFirmwareRoutes(
  api: OpenAPIHono<ApiEnv>,
  access: Access,
  { firmware: repository, firmwareRollouts }: FirmwareApiIo,
): void {
  const found = ({ model, version }: z.infer<typeof Param>): Firmware => {
    const firmware = repository.find(model, version);
    if (!firmware) throw new Fault("not_found", `There is no firmware ${version} of ${model}`);
    return firmware;
  };
  api.openapi(listRoute(access), (c) => c.json({ firmware: repository.list().map(viewOf) }, 200));
  api.openapi(getRoute(access), (c) => c.json(viewOf(found(c.req.valid("param"))), 200));
  api.openapi(addRoute(access), async (c) => {
    const details = checkBody(NewFirmware, c.req.valid("query"));
    return c.json(viewOf(taken(await repository.add(imagePieces(c.req.raw), details))), 201);
  });
  api.openapi(addSignedRoute(access), async (c) => {
    const signed = checkBody(Signed, manifestHeader(c.req.raw));
    const added = await repository.addSigned(imagePieces(c.req.raw), signed, c.req.valid("query"));
    return c.json(viewOf(taken(added)), 201);
  });
  api.openapi(importRoute(access), async (c) => {
    const manifest = checkBody(BoardManifest, manifestHeader(c.req.raw));
    const added = await repository.importBoard(imagePieces(c.req.raw), manifest, c.req.valid("query"));
    return c.json(viewOf(taken(added)), 201);
  });
  api.openapi(verifyRoute(access), async (c) => {
    const verified = await repository.verify(found(c.req.valid("param")));
    return c.json(verified.ok ? { good: true, reason: null } : { good: false, reason: verified.detail }, 200);
  });
  api.openapi(removeRoute(access), async (c) => {
    const { model, version } = found(c.req.valid("param"));
    if (isRolledOut({ model, version }, firmwareRollouts)) {
      throw new Fault("conflict", `Cannot remove firmware ${version} of ${model}: a rollout of it is not over`);
    }
    await repository.remove(model, version);
    return c.body(null, 204);
  });
}

function viewOf({ added_at, ...firmware }: Firmware): z.infer<typeof View> {
  return { ...firmware, added_at_ms: added_at };
}

const PATH = "/api/v1/firmware";
const tags = ["firmware"];
const image = { required: true, content: { "application/octet-stream": { schema: z.any() } } };
const added = { 201: json(View, "The firmware, ready to be offered"), ...PROBLEMS };

function listRoute(access: Access) {
  return createRoute({
    method: "get",
    path: PATH,
    tags,
    summary: "The images that can be offered",
    ...access("viewer"),
    responses: { 200: json(z.object({ firmware: z.array(View) }), "Firmware"), ...PROBLEMS },
  });
}

function getRoute(access: Access) {
  return createRoute({
    method: "get",
    path: `${PATH}/{model}/{version}`,
    tags,
    summary: "One image",
    ...access("viewer"),
    request: { params: Param },
    responses: { 200: json(View, "The firmware"), ...PROBLEMS },
  });
}

function addRoute(access: Access) {
  return createRoute({
    method: "post",
    path: PATH,
    tags,
    summary: "Signs and encrypts an image, with a private key that is on the gateway",
    ...access("admin"),
    request: { query: AddQuery, body: image },
    responses: added,
  });
}

function addSignedRoute(access: Access) {
  return createRoute({
    method: "post",
    path: `${PATH}/signed`,
    tags,
    summary: `Encrypts an image that was signed elsewhere; ${MANIFEST_HEADER} holds its signed manifest in Base64`,
    ...access("admin"),
    request: { query: SignedQuery, body: image },
    responses: added,
  });
}

function importRoute(access: Access) {
  return createRoute({
    method: "post",
    path: `${PATH}/import`,
    tags,
    summary: `Takes an encrypted image of the boards as it is; ${MANIFEST_HEADER} holds their manifest in Base64`,
    ...access("admin"),
    request: { query: ImportQuery, body: image },
    responses: added,
  });
}

function verifyRoute(access: Access) {
  return createRoute({
    method: "post",
    path: `${PATH}/{model}/{version}/verify`,
    tags,
    summary: "Reads an image back from the disk and checks all that devices check",
    ...access("operator"),
    request: { params: Param },
    responses: {
      200: json(z.object({ good: z.boolean(), reason: z.string().nullable() }), "Whether it is good"),
      ...PROBLEMS,
    },
  });
}

function removeRoute(access: Access) {
  return createRoute({
    method: "delete",
    path: `${PATH}/{model}/{version}`,
    tags,
    summary: "Removes an image; not while a rollout of it goes on",
    ...access("admin"),
    request: { params: Param },
    responses: { 204: { description: "Done" }, ...PROBLEMS },
  });
}
