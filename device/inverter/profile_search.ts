import type { Profile } from "../../protocol/profile/register.ts";
import type { Identity } from "../../protocol/profile/sunspec/identity.ts";
import { discover } from "./discovery.ts";
import type { PollFault } from "./poll.ts";
import type { RegisterReader } from "./register_reader.ts";

/** Whose map is looked for. */
interface Wanted {
  readonly unit: number;
  /** Its map, or `sunspec`: look for it. */
  readonly profile: Profile | "sunspec";
  /** Which of several SunSpec inverters behind the unit id, from 0. */
  readonly device: number;
  /** Most words that it takes in one read. */
  readonly maxRead: number;
}

/** Knows the map of one inverter, or looks for it until it is found. */
export class ProfileSearch {
  readonly #wanted: Wanted;
  readonly #bus: RegisterReader;
  #profile: Profile | undefined;
  #identity: Identity | undefined;

  constructor(wanted: Wanted, bus: RegisterReader) {
    this.#wanted = wanted;
    this.#bus = bus;
    if (wanted.profile !== "sunspec") this.#profile = wanted.profile;
  }

  get profile(): Profile | undefined {
    return this.#profile;
  }

  /** What SunSpec's model 1 said, when the map was found last. */
  get identity(): Identity | undefined {
    return this.#identity;
  }

  /** The map, looked up where that is needed. */
  async find(signal?: AbortSignal): Promise<Profile | PollFault> {
    if (this.#profile) return this.#profile;
    const { unit, device, maxRead } = this.#wanted;
    const found = await discover(this.#bus, unit, { maxRead, ...(signal ? { signal } : {}) });
    if (!found.ok) return found.fault;
    const inverter = found.devices.filter(({ profile }) => profile?.power !== undefined)[device];
    if (!inverter?.profile) {
      return { kind: "not_sunspec", message: `Unit ${unit} has no such inverter among its SunSpec models` };
    }
    this.#identity = inverter.identity;
    return this.#profile = inverter.profile;
  }

  /** The map is not what it was: it is looked up again. */
  forget(): void {
    this.#profile = undefined;
  }
}
