import { z } from "zod";

/** Where something stands, in degrees: north and east are positive. */
export const Location = z.strictObject({
  latitude: z.number().min(-90).max(90).describe("Degrees, north positive"),
  longitude: z.number().min(-180).max(180).describe("Degrees, east positive"),
});
export type Location = Readonly<z.infer<typeof Location>>;

const DAY_MS = 86_400_000;
/** Unix milliseconds of 2000-01-01T12:00:00Z, the epoch of the series below. */
const J2000_MS = 946_728_000_000;
const RADIANS = Math.PI / 180;

/**
 * Geometric elevation of the centre of the sun above the horizon, in degrees, without refraction: by the Astronomical
 * Almanac's low-precision formulas, better than 0.02° from 1950 to 2050. `at`: unix milliseconds.
 *
 * @example
 * ```ts
 * const noon = sunElevation({ latitude: 0, longitude: 0 }, Date.parse("2026-03-20T12:00:00Z"));
 * Math.round(noon); // => 88
 * ```
 */
export function sunElevation({ latitude, longitude }: Location, at: number): number {
  const days = (at - J2000_MS) / DAY_MS;
  const anomaly = RADIANS * (357.528 + 0.9856003 * days);
  const mean = 280.46 + 0.9856474 * days;
  const ecliptic = RADIANS * (mean + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly));
  const obliquity = RADIANS * (23.439 - 0.0000004 * days);
  const ascension = Math.atan2(Math.cos(obliquity) * Math.sin(ecliptic), Math.cos(ecliptic));
  const declination = Math.asin(Math.sin(obliquity) * Math.sin(ecliptic));
  const siderealDegrees = 280.46061837 + 360.98564736629 * days + longitude;
  const hourAngle = RADIANS * (siderealDegrees % 360) - ascension;
  const height = Math.sin(RADIANS * latitude) * Math.sin(declination) +
    Math.cos(RADIANS * latitude) * Math.cos(declination) * Math.cos(hourAngle);
  return Math.asin(Math.min(1, Math.max(-1, height))) / RADIANS;
}

/** The upper edge of the sun touches the horizon at this elevation of its centre: its radius and the air's refraction. */
export const SUNRISE_DEGREES = -0.833;

/**
 * Whether the sun is below the horizon.
 *
 * @example
 * ```ts
 * isSunDown({ latitude: 0, longitude: 0 }, Date.parse("2026-03-20T00:00:00Z")); // => true
 * ```
 */
export function isSunDown(location: Location, at: number): boolean {
  return sunElevation(location, at) < SUNRISE_DEGREES;
}
