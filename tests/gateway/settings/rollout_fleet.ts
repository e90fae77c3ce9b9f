import assert from "node:assert/strict";
import { at } from "../api/fixture.ts";
import { openSettings, type SettingsFixture } from "./fixture.ts";

export const ROLLOUTS = "/api/v1/settings/rollouts";
export const NAMES = ["a", "b", "c", "d"] as const;
export const PARAMETERS = ["poll_frequency", "upload_frequency", "register_list"];

/** Four nodes that were set to poll each 2 s and upload each 30 s, and do so. */
export async function fleet(): Promise<SettingsFixture> {
  const f = await openSettings();
  for (const name of NAMES) {
    await f.addNode(name);
    await f.ask("PUT", `/api/v1/devices/${name}/settings`, { poll_interval_s: 2, upload_interval_s: 30 });
  }
  await live(f, ...NAMES);
  return f;
}

/** The devices ask, apply what they are told, and upload. */
export async function live(f: SettingsFixture, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    const { version = 0, Changed } = await f.changes(name);
    for (const status of Changed ? ["accepted", "applied"] : []) {
      await f.report(name, ...PARAMETERS.map((parameter) => ({ parameter, status, version })));
    }
    await f.store({ device: name, registers: ["Vac1"], samples: [{ at: f.clock.now(), values: [2300] }] });
  }
}

/** Half a minute in the life of the fleet, and a look at the rollouts. */
export async function pass(f: SettingsFixture, ...alive: readonly string[]): Promise<void> {
  await f.clock.advance(30_000);
  await live(f, ...alive);
  await f.rollouts.tick();
}

export async function start(f: SettingsFixture, body: object = {}): Promise<number> {
  const plan = {
    settings: { poll_interval_s: 10 },
    devices: NAMES,
    canary: { devices: 2, healthy_for_s: 60 },
    ...body,
  };
  const { status, body: started } = await f.ask("POST", ROLLOUTS, plan);
  assert.equal(status, 201, JSON.stringify(started));
  return Number(at(started, "id"));
}

export async function poll(f: SettingsFixture, name: string): Promise<unknown> {
  return at((await f.ask("GET", `/api/v1/devices/${name}/settings`)).body, "desired", "poll_interval_s");
}

export const polls = (f: SettingsFixture) => Promise.all(NAMES.map((name) => poll(f, name)));
