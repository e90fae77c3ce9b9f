import { equalInConstantTime } from "../../crypto/equal.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { isLoopback } from "../mqtt_config.ts";
import { fits } from "./topics.ts";

type MqttRole = "viewer" | "operator";

/** Somebody who may use the broker. */
export interface User {
  readonly username: string;
  readonly password: string;
  readonly role: MqttRole;
}

/** Who is connected. */
export interface Guest {
  readonly name: string;
  readonly role: MqttRole;
}

/** What a client says of itself. */
interface Credentials {
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
  /** Where it connects from. */
  readonly address: string;
}

/** Where Home Assistant says that it has started: it would be thrown out for that, whoever listens. */
const HOME_ASSISTANT = "homeassistant/status";

/** Says who a client is; `undefined`: nobody who may enter. */
type Authenticator = (credentials: Credentials) => Guest | undefined;

/** Without users everyone on this machine may read; with users, everyone has to be one of them, on this machine too. */
export function createAuthenticator(users: readonly User[]): Authenticator {
  const known = new Map(users.map((user) => [user.username, { user, digest: sha256(user.password) }]));
  const nobody = sha256("");
  return ({ username, password, address }) => {
    if (known.size === 0) return isLoopback(address) ? { name: "anonymous", role: "viewer" } : undefined;
    if (username === undefined || password === undefined) return undefined;
    const entry = known.get(username);
    const fits = equalInConstantTime(sha256(password), entry?.digest ?? nobody);
    return entry && fits ? { name: entry.user.username, role: entry.user.role } : undefined;
  };
}

/** What only the gateway publishes stays believable: guests publish what is listened to and nothing else, and only operators do. */
export function mayPublish({ role }: Guest, topic: string, listened: readonly string[]): boolean {
  if (role !== "operator") return false;
  return topic === HOME_ASSISTANT || listened.some((filter) => fits(filter, topic));
}
