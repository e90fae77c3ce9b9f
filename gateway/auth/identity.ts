import type { VerifiedRequest } from "../../protocol/device_signature.ts";
import type { Device } from "../store/devices.ts";
import type { Reason } from "../store/security_log.ts";
import type { RingKey } from "./key_ring.ts";

/** A request of a device, with all of its body. */
export interface DeviceRequest {
  readonly method: string;
  /** Absolute, as it came. */
  readonly url: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Where it came from, without the port. */
  readonly address: string;
}

/** Who speaks. Only `createAuthenticator` makes one; whether the number was used before is not known yet. */
export type Identity =
  /** The device signed this request (contract/1-link §2.2), and its answer gets signed. */
  | { readonly kind: "signed"; readonly device: Device; readonly key: RingKey; readonly request: VerifiedRequest }
  /** A board's upload with its HMAC (contract/1-link §2.1). */
  | {
    readonly kind: "board";
    readonly device: Device;
    readonly key: RingKey;
    readonly sequence: number;
    readonly mac: Uint8Array;
  }
  /** A board's unsigned request, believed because of the address of its last verified upload. */
  | { readonly kind: "address"; readonly device: Device };

/** A request that nobody is behind, and what the log says of it. The client learns less. */
export interface Unauthenticated {
  readonly kind: "unauthenticated";
  readonly reason: Exclude<Reason, "ok" | "replay" | "bad_login">;
  /** The name that was claimed, when it could be one. */
  readonly deviceId?: string;
  readonly sequence?: number;
  readonly detail: string;
}

/** A request of a device that is who it says, with a body that was checked. */
export interface DeviceCall<T> {
  readonly device: Device;
  readonly body: T;
  /** Unix milliseconds. */
  readonly now: number;
}
