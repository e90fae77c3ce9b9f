import type { ErrorHandler, Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Logger } from "@logtape/logtape";
import type { ZodError } from "zod";
import { toHex } from "../../crypto/bytes.ts";
import type { Random } from "../../platform/random.ts";
import { Fault } from "../fault.ts";
import { problemResponse } from "../http/problem.ts";
import { isStorageError, storageFault } from "../store/storage_error.ts";
import type { ApiEnv } from "./env.ts";

interface ErrorsIo {
  readonly log: Logger;
  readonly random: Pick<Random, "bytes">;
}

/** Turns whatever a route threw into a problem. What nobody foresaw is logged under an id that the client is told. */
export function onError(io: ErrorsIo): ErrorHandler<ApiEnv> {
  return (error, c) => {
    const fault = faultOf(error) ?? unforeseen(error, c.req.path, io);
    const headers = fault.code === "unauthenticated" ? { "www-authenticate": 'Bearer realm="ecowatt"' } : undefined;
    return problemResponse(fault, headers);
  };
}

function faultOf(error: Error): Fault | undefined {
  if (error instanceof Fault) return error;
  if (error instanceof HTTPException) {
    return new Fault(error.status === 413 ? "too_large" : "malformed", error.message || "The request is refused");
  }
  return isStorageError(error) ? storageFault(error) : undefined;
}

function unforeseen(error: Error, path: string, { log, random }: ErrorsIo): Fault {
  const id = toHex(random.bytes(6));
  log.error("request failed {path} {id}: {error}", { path, id, error });
  return new Fault("unavailable", `The gateway could not do this; its log tells why under ${id}`, { retryAfter: 30 });
}

/** The 400 that says which fields are wrong, all at once. */
export function validationFault(error: ZodError): Fault {
  const fields = error.issues.map(({ path, message }) => ({ path: path.map(String).join("."), message }));
  const text = fields.map(({ path, message }) => path === "" ? message : `${path}: ${message}`).join("; ");
  return new Fault("malformed", `The request is not valid: ${text}`, { fields });
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** Answers what no route took: 405 with `Allow` where another method would do, 404 elsewhere. */
export function onUnknown(app: Hono<ApiEnv>): (path: string, method: string) => Response {
  return (path, method) => {
    const allowed = METHODS.filter((other) => app.router.match(other, path)[0].length > 0);
    if (allowed.length === 0) return problemResponse(new Fault("not_found", "There is nothing at this path"));
    const allow = allowed.flatMap((other) => other === "GET" ? ["GET", "HEAD"] : [other]).join(", ");
    const fault = new Fault("method_not_allowed", `Cannot ${method.slice(0, 16)} this path: it takes ${allow}`);
    return problemResponse(fault, { allow });
  };
}
