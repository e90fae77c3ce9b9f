import type { DeviceId } from "../../protocol/device_id.ts";
import type { ProfileOf } from "../../profiles/known_profile.ts";
import type { Profile } from "../../protocol/profile/register.ts";
import type { Quality, Sample } from "../../protocol/sample.ts";
import { credibleTime, type SampleBatch } from "../store/port/sample_batch.ts";

/** The newest sample of an inverter that an upload brought. */
export interface NewestSample {
  readonly device: DeviceId;
  readonly inverter: string;
  readonly profile: Profile;
  /** One a column of `sample`. */
  readonly registers: readonly string[];
  readonly sample: Sample;
  readonly quality: Quality;
  /** Unix milliseconds. */
  readonly receivedAt: number;
}

/** One for each inverter of the upload whose profile is known. */
export function newestSamples(batches: readonly SampleBatch[], profileOf: ProfileOf): readonly NewestSample[] {
  const newest = new Map<string, NewestSample>();
  for (const batch of batches) {
    const { device, inverter, series, quality, receivedAt } = batch;
    const known = newest.get(inverter);
    const sample = lastOf(series.samples, receivedAt);
    const profile = profileOf(series.profile);
    if (sample === undefined || profile === undefined) continue;
    if (known && Math.min(known.sample.at, receivedAt) > Math.min(sample.at, receivedAt)) continue;
    const { registers } = series;
    const dated = { ...sample, at: credibleTime(sample.at, receivedAt) };
    newest.set(inverter, { device, inverter, profile, registers, sample: dated, quality, receivedAt });
  }
  return [...newest.values()];
}

/** What claims to be later than it came was dated by a wrong clock: among such the last in the upload is the newest. */
function lastOf(samples: readonly Sample[], receivedAt: number): Sample | undefined {
  let last: Sample | undefined;
  for (const sample of samples) {
    if (last === undefined || Math.min(sample.at, receivedAt) >= Math.min(last.at, receivedAt)) last = sample;
  }
  return last;
}

/** Tells whether a sample is newer than all that were asked about before: what a node sends late is history, not news. */
export function createNews(): (newest: NewestSample) => boolean {
  const shown = new Map<string, number>();
  return ({ device, inverter, sample, receivedAt }) => {
    const name = `${device}\n${inverter}`;
    // A time that lies ahead was a wrong clock: it must not keep out what is right, now or when that time has come.
    const at = Math.min(sample.at, receivedAt);
    const last = shown.get(name);
    if (last !== undefined && at < last && last <= receivedAt) return false;
    shown.set(name, at);
    return true;
  };
}
