import type { Clock } from "../../platform/clock.ts";
import { type Fading, hadFaded, NEVER_SEEN, nextFading } from "../../protocol/night/night.ts";
import { isSunDown, type Location } from "../../protocol/night/sun.ts";
import { type Glimpse, glimpseOf } from "./glimpse.ts";
import type { PollObserver, PollReport } from "./sampler.ts";

/** SunSpec's operating states of an inverter that begins to convert, or does: starting, tracking, throttled. */
const CONVERTING: readonly number[] = [3, 4, 5];

/** Dependencies of a daybreak. */
interface DaybreakIo {
  /** Where the inverter stands, if somebody said so. */
  readonly location: Location | undefined;
  readonly begins: () => void;
  readonly clock: Pick<Clock, "now">;
}

/**
 * Sees the day begin for one inverter, though it answered all night: the sun comes up, power is back after it had faded away, or
 * the state says that it converts. A cloudy noon may look like it, too.
 */
export class Daybreak implements PollObserver {
  readonly #io: DaybreakIo;
  #fading: Fading = NEVER_SEEN;
  #converting: boolean | undefined;
  #sunDown: boolean | undefined;

  constructor(io: DaybreakIo) {
    this.#io = io;
  }

  polled({ poll }: PollReport): void {
    const glimpse = glimpseOf(poll);
    const signs = [this.#sunRises(), this.#powerIsBack(glimpse), this.#converts(glimpse)]; // each remembers what it saw
    if (signs.includes(true)) this.#io.begins();
  }

  #sunRises(): boolean {
    const { location, clock } = this.#io;
    const before = this.#sunDown;
    this.#sunDown = location && isSunDown(location, clock.now());
    return before === true && this.#sunDown === false;
  }

  #powerIsBack(glimpse: Glimpse): boolean {
    if (glimpse.kind === "silent" || glimpse.power === undefined) return false;
    const before = this.#fading;
    this.#fading = nextFading(before, glimpse.power, glimpse.at);
    return hadFaded(before) && this.#fading.fadedSince === undefined;
  }

  #converts(glimpse: Glimpse): boolean {
    if (glimpse.kind === "silent" || glimpse.status === undefined) return false;
    const before = this.#converting;
    this.#converting = CONVERTING.includes(glimpse.status);
    return before === false && this.#converting;
  }
}
