import type { Logger } from "@logtape/logtape";
import { backoffMs, spread } from "../../platform/backoff.ts";
import type { SignedManifest } from "../manifest/manifest.ts";
import { CheckAnswer, OtaReportAnswer } from "../manifest/messages.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import { loadState, type Report, storeState, told } from "../slots/state.ts";
import { givenUpText } from "../slots/attempts.ts";
import { type Boot, commit, say, settle } from "../slots/slots.ts";
import type { Trial } from "../slots/trial.ts";
import { type Health, lackText, missing } from "../slots/health.ts";
import { bring, consider, giveUp, type InstallIo, tryNext, type UpdateFault } from "./install.ts";
import { isBegun, type Wanted } from "./part.ts";
import type { Phase, UpdaterStatus } from "./status.ts";

/** Milliseconds between two looks at requests and reports, and at the health of an image on trial. */
const TICK_MS = 2_000;
/** Pause after a failed check, and before a report is tried again. */
const RETRY_MS = 60_000;
/** How much chance takes from or adds to an interval. */
const JITTER = 0.1;

/** What the updater stands on. */
interface UpdaterIo extends InstallIo {
  readonly boot: Boot;
  /** Milliseconds between two checks. */
  readonly interval: number;
  /** Milliseconds that a new image has to run before it may be confirmed. */
  readonly soakMs: number;
  readonly health: () => Health;
  /** Has the program end when nothing is under way, so that the boot guard starts the new image. */
  readonly restart: () => Promise<void>;
  /** Called when the program that runs is no longer, or not, on trial: nothing goes back any more. */
  readonly settled: () => Promise<void>;
  /** Whether somebody asked for a check since this was last called. */
  readonly wanted: () => Promise<boolean>;
  readonly log: Logger;
}

/** Keeps the executable up to date: looks for a new one, brings it, has it tried, and confirms it when it is the new one itself. */
export class Updater {
  readonly #io: UpdaterIo;
  readonly #startedAt: number;
  readonly #startedAtUnixMs: number;
  #phase: Phase = { kind: "checking" };
  #nextCheckAt = 0;
  #nextReportAt = 0;
  #floor = 0;
  /** A new image is in its place and waits for the restart. */
  #complete = false;
  #lastCheckBegunAt: number | undefined;
  #lastCheckAt: number | undefined;
  #lastOutcome: string | undefined;
  #lastRefusal: string | undefined;
  /** A new image waits for the gateway to answer this one. */
  #waits = false;
  /** Attempts in a row that the disk, or so, ended. */
  #troubles = 0;

  constructor(io: UpdaterIo) {
    this.#io = { ...io, onProgress: ({ next, written }) => this.#progressed(next, written, io) };
    this.#startedAt = io.clock.monotonic();
    this.#startedAtUnixMs = io.clock.now();
  }

  status(): UpdaterStatus {
    return {
      phase: this.#phase,
      version: this.#io.self.version,
      floor: this.#floor,
      startedAt: this.#startedAtUnixMs,
      ...(this.#lastCheckBegunAt === undefined ? {} : { lastCheckBegunAt: this.#lastCheckBegunAt }),
      ...(this.#lastCheckAt === undefined ? {} : { lastCheckAt: this.#lastCheckAt }),
      ...(this.#lastOutcome === undefined ? {} : { lastOutcome: this.#lastOutcome }),
    };
  }

  /** Works until the signal aborts, or the new image waits for a restart. */
  async run(signal: AbortSignal): Promise<void> {
    const trial = await this.#settle(signal);
    if (trial !== undefined && !signal.aborted) await this.#prove(trial, signal);
    if (signal.aborted) return;
    const begun = await isBegun(this.#io.files).catch(() => false);
    this.#plan(begun || this.#waits ? 0 : this.#io.interval * this.#io.random.float());
    while (!signal.aborted && !this.#complete) {
      await this.#turn(signal);
      if (!this.#complete) await this.#io.clock.sleep(TICK_MS, signal);
    }
  }

  /** The trial that this process is to stand, if it is to. Tries again while the disk refuses. */
  async #settle(signal: AbortSignal): Promise<Trial | undefined> {
    while (!signal.aborted) {
      try {
        const standing = await settle(this.#io.files, this.#io.boot);
        this.#floor = (await loadState(this.#io.files)).floor;
        if (standing.kind === "rolled_back") this.#say("rolled back: {reason}", givenUpText(standing.reason));
        if (standing.kind === "postponed") this.#postponed(givenUpText(standing.reason));
        if (standing.kind === "on_trial") return standing.trial;
        if (this.#io.boot.kind !== "unguarded") await this.#io.settled();
        return undefined;
      } catch (error) {
        this.#say("updates stand still: {reason}", messageOf(error));
        await this.#io.clock.sleep(RETRY_MS, signal);
      }
    }
    return undefined;
  }

  #postponed(reason: string): void {
    this.#waits = true;
    this.#say("the update is tried again when the gateway answers: {reason}", reason);
  }

  /** Confirms this image once it has done everything that it is for. The boot guard ends it when it never does. */
  async #prove(trial: Trial, signal: AbortSignal): Promise<void> {
    const { clock, files } = this.#io;
    while (!signal.aborted) {
      try {
        if (await this.#isProven(trial)) {
          await commit(files, trial);
          await this.#io.settled();
          this.#floor = (await loadState(files)).floor;
          this.#io.log.info("update confirmed: {version}", { version: this.#io.self.version });
          this.#lastOutcome = `${this.#io.self.version} confirmed`;
          return;
        }
      } catch (error) {
        this.#say("the update cannot be confirmed: {reason}", messageOf(error)); // a full disk may have room again
      }
      await clock.sleep(TICK_MS, signal);
    }
  }

  async #isProven(trial: Trial): Promise<boolean> {
    const { clock, files, health, self, soakMs } = this.#io;
    const invertersAnswered = (await loadState(files)).pending?.inverters_answered ?? true;
    const lacks = missing(health(), clock.monotonic() - this.#startedAt, { soakMs, invertersAnswered });
    const texts = lacks.map(lackText);
    if (this.#phase.kind !== "on_trial" || texts.join() !== this.#phase.missing.join()) await say(files, trial, lacks);
    this.#phase = { kind: "on_trial", version: self.version, missing: texts };
    return lacks.length === 0;
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { clock, wanted } = this.#io;
    try {
      if (await wanted()) this.#plan(0);
      if (clock.monotonic() >= this.#nextReportAt) await this.#report(signal);
      if (clock.monotonic() >= this.#nextCheckAt) await this.#check(signal);
    } catch (error) {
      // The disk, mostly: what is on it is whole, so the next turn goes on from there.
      if (signal.aborted) return;
      this.#say("update failed: {reason}", messageOf(error));
      // Each attempt fetches a chunk: a disk that stays full must not cost a line that is paid for.
      this.#plan(backoffMs({ firstMs: RETRY_MS, longestMs: this.#io.interval }, ++this.#troubles));
    }
  }

  async #check(signal: AbortSignal): Promise<void> {
    const { clock, device, gateway, interval, self } = this.#io;
    const begunAt = clock.now();
    this.#phase = { kind: "checking" };
    const message = { device_id: device, current_version: self.version, sequence: this.#floor, image_signature: false };
    const reply = await gateway.ask("/ota/check", message, CheckAnswer, signal);
    this.#lastCheckBegunAt = begunAt;
    this.#lastCheckAt = clock.now();
    switch (reply.kind) {
      case "later":
        this.#note(`no answer: ${reply.reason}`);
        return this.#plan(Math.max(reply.waitMs, RETRY_MS));
      case "refused":
      case "unsupported":
        this.#note(`refused: ${reply.reason}`);
        return this.#plan(interval);
      case "ok":
        if (!reply.value.update_available) {
          this.#troubles = 0;
          return this.#note("up to date");
        }
        return await this.#take(reply.value, signal);
      default:
        reply satisfies never;
    }
  }

  async #take(offered: Offered, signal: AbortSignal): Promise<void> {
    const io = this.#io;
    if (io.boot.kind === "unguarded") {
      return this.#note("there is an update, but the boot guard does not run this program");
    }
    const wanted = await consider(offerOf(offered), io);
    if (!wanted.ok) return await this.#refuse(offered, wanted, signal);
    const { version, total_chunks: total } = wanted.value.manifest;
    this.#phase = { kind: "downloading", version, chunks: 0, total, bytes: 0 };
    const brought = await bring(wanted.value, io, signal);
    await this.#finish(wanted.value, brought, signal);
  }

  /** Says why an offer is not taken, once while it stays the same. */
  async #refuse(
    { version }: Offered,
    { fault, detail }: { readonly fault: UpdateFault; readonly detail: string },
    signal: AbortSignal,
  ): Promise<void> {
    const error = `${fault}: ${detail}`.slice(0, 500);
    if (this.#lastRefusal === error) return this.#plan(this.#io.interval);
    this.#lastRefusal = error;
    this.#say("update refused: {reason}", error);
    const state = await loadState(this.#io.files);
    await storeState(this.#io.files, told(state, { kind: "verify", version, verified: false, error }));
    await this.#report(signal);
  }

  async #finish(wanted: Wanted, brought: Outcome<Wanted, UpdateFault>, signal: AbortSignal): Promise<void> {
    const { version } = wanted.manifest;
    this.#nextReportAt = 0;
    this.#troubles = 0;
    if (brought.ok) {
      await tryNext(wanted, this.#io, this.#io.health().polled);
      await this.#report(signal);
      this.#phase = { kind: "restarting", version };
      this.#complete = true;
      this.#io.log.info("update {version} is complete: restarting", { version });
      return await this.#io.restart();
    }
    if (brought.fault === "stopped") return;
    this.#say("update failed: {reason}", `${brought.fault}: ${brought.detail}`);
    // A slow or silent server: what is here stays, and the next check goes on from it.
    if (brought.fault !== "too_slow" && brought.fault !== "refused") await giveUp(wanted, brought, this.#io);
    this.#plan(this.#io.interval);
  }

  /** Tells the gateway what it does not know yet, in order. */
  async #report(signal: AbortSignal): Promise<void> {
    const { device, files, gateway } = this.#io;
    for (let state = await loadState(files); !signal.aborted; state = await loadState(files)) {
      const [report, ...rest] = state.reports;
      if (report === undefined) break;
      const { path, message } = messageFor(report);
      const reply = await gateway.ask(path, { device_id: device, ...message }, OtaReportAnswer, signal);
      if (reply.kind === "later") {
        this.#nextReportAt = this.#io.clock.monotonic() + Math.max(RETRY_MS, reply.waitMs);
        return;
      }
      if (reply.kind !== "ok") this.#note(`report refused: ${reply.reason}`);
      await storeState(files, { ...state, reports: rest });
    }
    this.#nextReportAt = Infinity;
  }

  #progressed(chunks: number, bytes: number, io: UpdaterIo): void {
    if (this.#phase.kind !== "downloading") return;
    const { version, total } = this.#phase;
    this.#phase = chunks === total
      ? { kind: "verifying", version }
      : { kind: "downloading", version, chunks, total, bytes };
    const percent = Math.floor(100 * chunks / total);
    if (percent > Math.floor(100 * (chunks - 1) / total) && percent % 10 === 0) {
      io.log.info("update {version}: {percent} %", { version, percent, chunks, total });
    }
  }

  /** The next check, in about `ms`: chance keeps a fleet apart. */
  #plan(ms: number): void {
    const aboutMs = spread(ms, JITTER, this.#io.random.float());
    this.#nextCheckAt = this.#io.clock.monotonic() + aboutMs;
    this.#phase = { kind: "idle", nextCheckAt: this.#io.clock.now() + aboutMs };
  }

  #say(message: string, reason: string): void {
    this.#io.log.warn(message, { reason });
    this.#note(message.replace("{reason}", reason));
  }

  #note(outcome: string): void {
    this.#lastOutcome = outcome;
    if (this.#phase.kind === "checking") this.#plan(this.#io.interval);
  }
}

type Offered = Extract<CheckAnswer, { update_available: true }>;

/** All that is taken from an offer; the rest is the boards'. */
function offerOf({ manifest, manifest_signature }: Offered): SignedManifest {
  return { manifest: manifest ?? "", manifest_signature: manifest_signature ?? "" };
}

function messageFor(report: Report): { readonly path: string; readonly message: Record<string, unknown> } {
  const { kind, ...message } = report;
  return { path: `/ota/${kind}`, message };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
