import { smooth } from "./noise.ts";

/** Where the panels stand, degrees. */
export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
const RADIANS = Math.PI / 180;

/** Days since 1 January 2000 12:00 UTC, the origin of the Astronomical Almanac's approximations. */
function almanacDays(at: number): number {
  return (at - Date.UTC(2000, 0, 1, 12)) / DAY_MS;
}

/** Milliseconds since local solar midnight, 0 to a day: when the sun stands north of the place. */
export function solarTime(place: Place, at: number): number {
  const anomaly = (357.528 + 0.9856003 * almanacDays(at)) * RADIANS;
  // Equation of time: eccentricity and tilt of the orbit, up to 16 minutes.
  const minutes = -7.659 * Math.sin(anomaly) + 9.863 * Math.sin(2 * anomaly + 3.5932);
  const local = at + (place.longitude / 15) * HOUR_MS + minutes * 60_000;
  return ((local % DAY_MS) + DAY_MS) % DAY_MS;
}

/** Sine of the sun's height over the horizon; negative at night. Good to a degree between 1950 and 2050. */
export function sunHeight(place: Place, at: number): number {
  const days = almanacDays(at);
  const anomaly = (357.528 + 0.9856003 * days) * RADIANS;
  const longitude = (280.46 + 0.9856474 * days + 1.915 * Math.sin(anomaly)) * RADIANS;
  const declination = Math.asin(0.39777 * Math.sin(longitude));
  const hourAngle = (solarTime(place, at) / DAY_MS - 0.5) * 2 * Math.PI;
  const latitude = place.latitude * RADIANS;
  return Math.sin(latitude) * Math.sin(declination) + Math.cos(latitude) * Math.cos(declination) * Math.cos(hourAngle);
}

/** Irradiance of a level field under a clear sky, W/m² (Haurwitz's model). */
export function clearSky(height: number): number {
  return height <= 0 ? 0 : 1098 * height * Math.exp(-0.057 / height);
}

const WEATHER = 11;
const CLOUDS = [
  { channel: 12, periodMs: 50 * 60_000, weight: 0.55 },
  { channel: 13, periodMs: 11 * 60_000, weight: 0.3 },
  { channel: 14, periodMs: 100_000, weight: 0.15 },
] as const;
/** What is left of the light under the thickest cloud. */
const UNDERCAST = 0.18;

/** Share of the light that passes the clouds, `UNDERCAST` to 1: clear and overcast days, broken clouds in between. */
export function transparency(seed: number, at: number): number {
  const overcast = smooth(seed, WEATHER, at, DAY_MS);
  const cover = CLOUDS.reduce((sum, { channel, periodMs, weight }) => {
    return sum + weight * smooth(seed, channel, at, periodMs);
  }, 0);
  const cloud = 1 / (1 + Math.exp(-14 * (cover - (1.05 - 0.75 * overcast))));
  return 1 - (1 - UNDERCAST) * cloud;
}

/** Air temperature, °C: coldest before sunrise, warmest two hours after noon. */
export function airTemperature(place: Place, seed: number, at: number): number {
  const phase = (solarTime(place, at) / DAY_MS - 14 / 24) * 2 * Math.PI;
  const climate = 30 - Math.abs(place.latitude) * 0.4;
  return climate - 2 + 4.5 * Math.cos(phase) + 4 * (smooth(seed, 15, at, 6 * HOUR_MS) - 0.5);
}
