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
  /** Whether the end of the chain was seen; what only refused or kept silent may have more, by day. */
  #ended = true;
  #doubted = false;

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
    if (this.#profile && !this.#doubted) return this.#profile;
    this.#doubted = false;
    const { unit, device, maxRead } = this.#wanted;
    const found = await discover(this.#bus, unit, { maxRead, ...(signal ? { signal } : {}) });
    const known = this.#profile;
    if (!found.ok) return known ?? found.fault;
    const inverter = found.devices.filter(({ profile }) => profile?.power !== undefined)[device];
    if (!inverter?.profile) {
      return known ?? { kind: "not_sunspec", message: `Unit ${unit} has no such inverter among its SunSpec models` };
    }
    if (known && !`${inverter.profile.id},`.startsWith(`${known.id},`)) return known; // it went on: nothing less is believed
    this.#ended = found.ended;
    this.#identity = inverter.identity;
    return this.#profile = inverter.profile;
  }

  /** There may be more of the map now than when it was found: it is looked up again, once, if its end was never seen. */
  doubt(): void {
    this.#doubted = !this.#ended;
  }

  /** The map is not what it was: it is looked up again. */
  forget(): void {
    this.#profile = undefined;
  }
}
