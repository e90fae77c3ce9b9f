import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { fromHex, toHex } from "../../crypto/bytes.ts";
import { BoundedMap } from "../../platform/bounded_map.ts";
import type { Clock } from "../../platform/clock.ts";
import { decodeRtu } from "../modbus/rtu.ts";
import type { SimulatorFault } from "./fault.ts";
import { rtuAnswer } from "./rtu_answer.ts";
import { type SimulatedResponse, simulateResponse, type Site } from "./site.ts";
import { exceptionPdu } from "./unit.ts";

/** How the API is used. */
interface HttpOptions {
  /** What `Authorization` must be; any text will do without it. */
  readonly apiKey?: string | undefined;
}

const MAX_BODY_BYTES = 64 * 1024;
/** Keys with a fault waiting, at most. */
const MAX_FLAGS = 1000;
const TARGET_DID_NOT_RESPOND = 11;

const Frame = z.object({ frame: z.string().max(1024) });
const ErrorFlag = z.object({
  errorType: z.enum(["EXCEPTION", "CRC_ERROR", "CORRUPT", "PACKET_DROP", "DELAY"]),
  exceptionCode: z.number().int().min(0).max(255),
  delayMs: z.number().int().min(0).max(60_000),
});
const ErrorRequest = ErrorFlag.extend({
  slaveAddress: z.number().int().min(0).max(255),
  functionCode: z.number().int().min(1).max(127),
});

/** The HTTP inverter simulator's API: RTU frames in hex inside JSON. `stop` ends waiting answers. */
export function httpApi(site: Site, options: HttpOptions, io: { readonly clock: Clock; readonly stop: AbortSignal }) {
  const flags = new BoundedMap<string, SimulatorFault>(MAX_FLAGS);
  const app = new Hono();
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (c) => c.json({ frame: "" }, 413) }));

  for (const path of ["/api/inverter/read", "/api/inverter/write"]) {
    app.post(path, async (c) => {
      const key = c.req.header("authorization");
      if (!isKnown(key, options)) return c.json({ frame: "" }, 401);
      const body = Frame.safeParse(await jsonOf(c.req));
      if (!body.success) return c.json({ frame: "" }, 400);
      const flagged = flags.take(key);
      return await deliver(exchange(site, body.data.frame, flagged), site, io);
    });
  }

  app.post("/api/user/error-flag/add", async (c) => {
    const key = c.req.header("authorization");
    if (!isKnown(key, options)) return c.json({ message: "the API key is missing or unknown" }, 401);
    const body = ErrorFlag.safeParse(await jsonOf(c.req));
    if (!body.success) return c.json({ message: z.prettifyError(body.error) }, 400);
    flags.set(key, faultOf(body.data));
    return c.json({ message: "the next read or write gets this fault" });
  });

  app.post("/api/inverter/error", async (c) => {
    const body = ErrorRequest.safeParse(await jsonOf(c.req));
    if (!body.success) return c.json({ frame: "" }, 400);
    const { slaveAddress: unit, functionCode } = body.data;
    const fault = faultOf(body.data);
    const pdu = fault.kind === "exception" ? exceptionPdu(functionCode, fault.code) : exampleAnswer(functionCode);
    return await deliver({ unit, pdu, fault }, site, io);
  });
  return app;
}

interface Exchange extends SimulatedResponse {
  readonly unit: number;
}

/** Blank where the request is no frame, as the original does. */
function exchange(site: Site, hex: string, flagged: SimulatorFault | undefined): Exchange | undefined {
  const bytes = fromHex(hex.trim());
  const request = bytes && decodeRtu(bytes);
  if (!request?.ok) return undefined;
  const { unit, pdu } = request.value;
  const given = simulateResponse(site, "http", request.value, flagged);
  return { unit, ...given ?? { pdu: exceptionPdu(pdu[0] ?? 0, TARGET_DID_NOT_RESPOND), fault: undefined } };
}

async function deliver(
  given: Exchange | undefined,
  site: Site,
  io: { readonly clock: Clock; readonly stop: AbortSignal },
): Promise<Response> {
  if (!given || given.fault?.kind === "timeout") return Response.json({ frame: "" });
  if (given.fault?.kind === "disconnect") return brokenOff();
  if (given.fault?.kind === "late") await io.clock.sleep(given.fault.delayMs, io.stop);
  return Response.json({ frame: toHex(rtuAnswer(given.unit, given, site.plan)).toUpperCase() });
}

/** An answer that ends before the length it announces, which breaks the connection. */
function brokenOff(): Response {
  const body = new ReadableStream({ pull: (controller) => controller.close() });
  return new Response(body, { headers: { "content-length": "64" } });
}

/** Two registers of zero, or an echo: what there is to damage when no inverter is asked. */
function exampleAnswer(functionCode: number): Uint8Array {
  return functionCode <= 4 ? Uint8Array.of(functionCode, 4, 0, 0, 0, 0) : Uint8Array.of(functionCode, 0, 0, 0, 0);
}

function faultOf(flag: z.infer<typeof ErrorFlag>): SimulatorFault {
  switch (flag.errorType) {
    case "EXCEPTION":
      return { kind: "exception", code: flag.exceptionCode };
    case "CRC_ERROR":
      return { kind: "crc" };
    case "CORRUPT":
      return { kind: "garbage", bytes: 8 };
    case "PACKET_DROP":
      return { kind: "timeout" };
    case "DELAY":
      return { kind: "late", delayMs: flag.delayMs };
    default:
      return flag.errorType satisfies never;
  }
}

function isKnown(key: string | undefined, options: HttpOptions): key is string {
  return key !== undefined && key !== "" && (options.apiKey === undefined || key === options.apiKey);
}

async function jsonOf(request: { json(): Promise<unknown> }): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    return undefined;
  }
}
