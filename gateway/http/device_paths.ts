import { pathAndQuery } from "../../crypto/message_signature.ts";
import { createDeviceEdge, type DeviceEdgeIo } from "./device_edge.ts";
import type { DeviceRoute } from "./device_route.ts";
import type { Handler } from "./server.ts";

/** The handlers of the paths that devices post to. */
export function createDevicePaths(
  routes: readonly DeviceRoute[],
  edge: DeviceEdgeIo,
): ReadonlyMap<string, Handler> {
  return new Map(routes.map((route) => [route.path, createDeviceEdge(edge, route)]));
}

/** Gives the paths of devices to their handlers and everything else to `other`. */
export function dispatch(paths: ReadonlyMap<string, Handler>, other: Handler): Handler {
  return (request, address) => (paths.get(pathAndQuery(request.url).path) ?? other)(request, address);
}
