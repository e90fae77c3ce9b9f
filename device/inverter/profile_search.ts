import type { DeviceKind, DeviceMap } from "../../protocol/profile/format/compile.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import { inOrder } from "../../protocol/profile/sunspec/map_devices.ts";
import type { Identity } from "../../protocol/profile/sunspec/identity.ts";
import { basesInTurn, discover } from "./discovery.ts";
import { readColumns } from "./fit.ts";
import type { PollFault } from "./poll.ts";
import type { TableReader } from "./register_reader.ts";

/** Whose map is looked for. */
interface Wanted {
  readonly unit: number;
  /** Its map, or a device that tells which of several it has, or `sunspec`: look for it. */
  readonly profile: Profile | DeviceKind | "sunspec";
  /** Which of several SunSpec devices behind the unit id, from 0: inverters first, then meters, batteries and sensors. */
  readonly device: number;
  /** Most words that it takes in one read. */
  readonly maxRead: number;
}

/** Knows the map of one device, or looks for it until it is found. */
export class ProfileSearch {
  readonly #wanted: Wanted;
  readonly #bus: TableReader;
  readonly #order = basesInTurn();
  #profile: Profile | undefined;
  #map: DeviceMap | undefined;
  #identity: Identity | undefined;
  /** Whether the end of the chain was seen; what only refused or kept silent may have more, by day. */
  #ended = true;
  #doubted = false;
  /** The first look is at all places: who is silent at all but one is found at once. */
  #looked = false;

  constructor(wanted: Wanted, bus: TableReader) {
    this.#wanted = wanted;
    this.#bus = bus;
    const { profile } = wanted;
    if (profile === "sunspec") return;
    if (!isKind(profile)) this.#profile = profile;
    else if (profile.teller === undefined) this.#choose(profile.maps[0]);
  }

  get profile(): Profile | undefined {
    return this.#profile;
  }

  /** Whether the device itself is asked, before it is believed. */
  get asks(): boolean {
    return this.#wanted.profile !== "sunspec" && isKind(this.#wanted.profile);
  }

  /** The map with what a device of it answers; `undefined`: nothing is asked of it. */
  get map(): DeviceMap | undefined {
    return this.#map;
  }

  /** What SunSpec's model 1 said, when the map was found last. */
  get identity(): Identity | undefined {
    return this.#identity;
  }

  /** The map, looked up where that is needed. */
  async find(signal?: AbortSignal): Promise<Profile | PollFault> {
    if (this.#profile && !this.#doubted) return this.#profile;
    this.#doubted = false;
    const { profile } = this.#wanted;
    if (profile !== "sunspec" && isKind(profile)) return await this.#ask(profile, signal);
    return await this.#discover(signal);
  }

  /** There may be more of the map now than when it was found: it is looked up again, once, if its end was never seen. */
  doubt(): void {
    this.#doubted = !this.#ended;
  }

  /** The map is not what it was: it is looked up again. */
  forget(): void {
    this.#profile = undefined;
    this.#map = undefined;
  }

  /** The register that tells which of the maps it has. */
  async #ask({ teller, maps }: DeviceKind, signal?: AbortSignal): Promise<Profile | PollFault> {
    if (teller === undefined) return this.#choose(maps[0]);
    const answer = await readColumns(this.#bus, this.#wanted.unit, [teller], signal);
    if (!answer.ok) return answer.fault;
    const raw = answer.value.get(teller.name);
    const map = maps.find(({ when }) => when.some(([first, last]) => raw !== undefined && raw >= first && raw <= last));
    if (map) return this.#choose(map);
    const known = maps.map(({ profile }) => profile.title).join(", ");
    return { kind: "misfit", message: `${teller.name} is ${raw ?? "not there"}: none of ${known}` };
  }

  async #discover(signal?: AbortSignal): Promise<Profile | PollFault> {
    const { unit, device, maxRead } = this.#wanted;
    const found = await discover(this.#bus, unit, {
      maxRead,
      order: this.#order,
      thorough: !this.#looked,
      ...(signal ? { signal } : {}),
    });
    this.#looked = true;
    const known = this.#profile;
    if (!found.ok) return known ?? found.fault;
    const inverter = inOrder(found.devices)[device];
    if (!inverter) {
      return known ?? { kind: "not_sunspec", message: `Unit ${unit} has no such device among its SunSpec models` };
    }
    if (known && !`${inverter.profile.id},`.startsWith(`${known.id},`)) return known; // it went on: nothing less is believed
    this.#ended = found.ended;
    this.#identity = inverter.identity;
    return this.#profile = inverter.profile;
  }

  #choose(map: DeviceMap): Profile {
    this.#map = map;
    return this.#profile = map.profile;
  }
}

function isKind(profile: Profile | DeviceKind): profile is DeviceKind {
  return "maps" in profile;
}
