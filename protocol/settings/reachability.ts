import { MAX_COLUMNS } from "../profile/lookup.ts";
import type { BrokenRule } from "./broken_rule.ts";
import type { SettingsTarget } from "./target.ts";
import type { SettingsValues } from "./settings.ts";

/** What a board does until it is told otherwise (contract/2-boards §1). */
const BOARD_DEFAULTS = { poll_interval_s: 2, upload_interval_s: 15 };
/** Polls in one batch of a board. */
const BOARD_BATCH = 5;
/** Batches that fit into a board's upload; with one more its body is cut at 4,096 bytes (contract/2-boards §3.2). */
const BOARD_BATCHES = 8;
/** Bytes a value takes at most while a node keeps it. */
const VALUE_BYTES = 4;
/** Bytes a node keeps unless its configuration says otherwise. */
const BUFFER_BYTES = 256 * 2 ** 20;
/** Within this time every device has to get an upload through. */
const DAY_S = 86_400;

/**
 * Why these settings, each of them in its range, would leave the device unable to upload within 24 hours. A device shows up
 * when it uploads, and it uploads when it has something to send and room to keep it until then:
 * an upload interval of a day at most, a poll (a batch, for boards) within it, and no more between two uploads than fits.
 *
 * @example
 * ```ts
 * const board = { auth: "legacy", profiles: [] } as const;
 * const [refusal] = reachabilityRefusals({ poll_interval_s: 1, upload_interval_s: 60 }, board);
 * refusal?.key; // => "upload_interval_s"
 * ```
 */
export function reachabilityRefusals(settings: SettingsValues, target: SettingsTarget): readonly BrokenRule[] {
  const refusals = orderRefusals(settings, target);
  if (refusals.length > 0) return refusals;
  return target.auth === "legacy" ? boardRefusals(settings, target) : bufferRefusals(settings, target);
}

/**
 * `upload ≥ poll`, said beside other reasons as well.
 *
 * @example
 * ```ts
 * const target = { auth: "signed", profiles: [], inForce: { upload_interval_s: 30 } } as const;
 * orderRefusals({ poll_interval_s: 60 }, target).map(({ key }) => key); // => ["poll_interval_s"]
 * orderRefusals({ poll_interval_s: 10 }, target); // => []
 * ```
 */
export function orderRefusals(settings: SettingsValues, { inForce = {} }: SettingsTarget): readonly BrokenRule[] {
  const poll = settings.poll_interval_s ?? inForce.poll_interval_s;
  const upload = settings.upload_interval_s ?? inForce.upload_interval_s;
  if (poll === undefined || upload === undefined || upload >= poll) return [];
  return [{
    key: settings.upload_interval_s === undefined ? "poll_interval_s" : "upload_interval_s",
    reason: { code: "upload_below_poll", uploadS: upload, pollS: poll },
  }];
}

function boardRefusals(settings: SettingsValues, { inForce = {} }: SettingsTarget): readonly BrokenRule[] {
  const poll = settings.poll_interval_s ?? inForce.poll_interval_s ?? BOARD_DEFAULTS.poll_interval_s;
  const upload = settings.upload_interval_s ?? inForce.upload_interval_s ?? BOARD_DEFAULTS.upload_interval_s;
  const batchS = BOARD_BATCH * poll;
  if (batchS > DAY_S) {
    return [{ key: "poll_interval_s", reason: { code: "batch_over_a_day", polls: BOARD_BATCH } }];
  }
  if (Math.ceil(upload / batchS) <= BOARD_BATCHES) return [];
  const sizes = { batches: BOARD_BATCHES, polls: BOARD_BATCH, pollS: poll, mostS: BOARD_BATCHES * batchS };
  return [{
    key: settings.upload_interval_s === undefined ? "poll_interval_s" : "upload_interval_s",
    reason: { code: "upload_too_long", ...sizes },
  }];
}

function bufferRefusals(settings: SettingsValues, target: SettingsTarget): readonly BrokenRule[] {
  const { poll_interval_s: poll, upload_interval_s: upload, registers } = { ...target.inForce, ...settings };
  if (poll === undefined || upload === undefined) return [];
  const bytes = Math.ceil(upload / poll) * (registers?.length ?? MAX_COLUMNS) * VALUE_BYTES;
  const room = target.bufferBytes ?? BUFFER_BYTES;
  if (bytes <= room) return [];
  return [{
    key: settings.upload_interval_s === undefined ? "poll_interval_s" : "upload_interval_s",
    reason: { code: "buffer_too_small", bytes, room },
  }];
}
