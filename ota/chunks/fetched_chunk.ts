import { z } from "zod";
import { type Bytes, fromBase64 } from "../../crypto/bytes.ts";
import { MAX_CHUNK_BYTES } from "../manifest/limits.ts";
import { Sha256Hex } from "../manifest/manifest.ts";
import { CHUNK_HEADERS, ChunkAnswer } from "../manifest/messages.ts";

const isBytes = (value: unknown) => value instanceof Uint8Array && value.length <= MAX_CHUNK_BYTES;

/** `application/octet-stream`. The answer's signature proves the bytes alone; the fields are as true as the chunk's HMAC says. */
const OctetChunk = z.object({
  octets: z.custom<Bytes>(isBytes, "must be the bytes of a chunk"),
  fields: z.object({
    [CHUNK_HEADERS.number]: z.string().regex(/^\d{1,10}$/).transform(Number),
    [CHUNK_HEADERS.hmac]: Sha256Hex,
  }),
}).transform(({ octets, fields }) => ({
  chunk_number: fields[CHUNK_HEADERS.number],
  hmac: fields[CHUNK_HEADERS.hmac],
  bytes: octets,
}));

const JsonChunk = ChunkAnswer.transform(({ chunk: { chunk_number, hmac, data } }) => ({
  chunk_number,
  hmac,
  bytes: fromBase64(data) ?? new Uint8Array(),
}));

/** The answer to `POST /ota/chunk` as a node reads it, however the gateway sent it: nothing of it is checked but its form. */
export const FetchedChunk = z.union([OctetChunk, JsonChunk]);
export type FetchedChunk = Readonly<z.infer<typeof FetchedChunk>>;
