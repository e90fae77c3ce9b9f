import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { type OpenRole, openRole, type Role, startTogether } from "../../../../cli/service/run/roles_together.ts";
import { ALIVE, dead } from "../../../../platform/liveness.ts";
import { FakeClock } from "../../../fakes/clock.ts";

const log = getLogger(["test"]);

/** A role that cannot start the first so many times; what was done with it. */
function role(name: string, refusals: number, liveness = ALIVE) {
  const done: string[] = [];
  const open = (): Promise<OpenRole> => {
    done.push("try");
    if (done.length <= refusals) return Promise.reject(new Error(`Cannot open ${name}.db`));
    return Promise.resolve({
      alive: () => liveness,
      summary: () => `${name} works`,
      [Symbol.asyncDispose]: () => Promise.resolve(void done.push("stop")),
    });
  };
  return { name, open, done } satisfies Role & { done: unknown };
}

function start(roles: readonly Role[], { clock = new FakeClock(), atOnce = false } = {}) {
  return startTogether(roles, { clock, log, atOnce });
}

Deno.test("a role that cannot start does not keep the other from its work, and is tried until it can", async (t) => {
  for (const broken of [0, 1]) {
    await t.step(`role ${broken}`, async () => {
      const clock = new FakeClock();
      const roles = [role("gateway", broken === 0 ? 3 : 0), role("node", broken === 1 ? 3 : 0)];
      const [bad, good] = [roles[broken]!, roles[1 - broken]!];
      {
        await using running = await start(roles, { clock });
        const summaries = () => running.parts.map((part) => part.summary());
        assert.ok(summaries().includes(`${good.name} works`));
        assert.ok(summaries().includes(`the ${bad.name} cannot start: Cannot open ${bad.name}.db`));
        assert.deepEqual(running.parts.map((part) => part.alive()), [ALIVE, ALIVE], "the watchdog is fed");
        await clock.advance(4_000);
        assert.equal(bad.done.length, 1);
        await clock.advance(60_000);
        assert.deepEqual(bad.done, ["try", "try", "try", "try"]);
        assert.deepEqual(summaries(), ["gateway works", "node works"]);
      }
      assert.deepEqual([bad.done.at(-1), good.done], ["stop", ["try", "stop"]]);
    });
  }
});

Deno.test("when no role starts the first reason is given, and nothing is left behind", async () => {
  const roles = [role("gateway", 9), role("node", 9)];
  await assert.rejects(start(roles), /gateway\.db/);
  assert.deepEqual(roles.map(({ done }) => done), [["try"], ["try"]]);
  await assert.rejects(start([role("node", 9)]), /node\.db/);
});

Deno.test("a program on trial needs every role at once", async () => {
  const roles = [role("gateway", 0), role("node", 9)];
  await assert.rejects(start(roles, { atOnce: true }), /node\.db/);
  assert.deepEqual(roles[0]?.done, ["try", "stop"]);
});

Deno.test("a role that runs is asked whether it is alive, and a stop ends the attempts at the other", async () => {
  const broken = role("gateway", 9);
  const running = await start([broken, role("node", 0, dead("it hangs"))]);
  assert.deepEqual(running.parts.map((part) => part.alive()), [ALIVE, dead("it hangs")]);
  await running[Symbol.asyncDispose]();
  assert.deepEqual(broken.done, ["try"]);
});

Deno.test("a role that began on a read-only disk is started anew when the disk takes writes, however often that fails", async () => {
  const clock = new FakeClock();
  const writable = Promise.withResolvers<void>();
  const done: string[] = [];
  const open = (): Promise<OpenRole> => {
    done.push("try");
    if (done.length === 4) return Promise.reject(new Error("Cannot open it"));
    const running = { ...(done.length === 1 && { writable: writable.promise }) };
    const dispose = { [Symbol.asyncDispose]: () => Promise.resolve(void done.push("stop")) };
    const part = { alive: () => ALIVE, summary: () => "works" };
    return Promise.resolve(openRole({ ...running, ...dispose }, part, () => done.push("ended")));
  };
  {
    await using running = await start([{ name: "node", open }], { clock });
    await clock.advance(60_000);
    assert.deepEqual(done, ["try"]);
    writable.resolve();
    await clock.advance(0);
    assert.deepEqual(done, ["try", "ended", "stop", "try"]);
    assert.deepEqual(running.parts.map((part) => part.summary()), ["the node cannot start: Cannot open it"]);
    await clock.advance(60_000);
    assert.deepEqual(done.slice(4), ["try"]);
    assert.deepEqual(running.parts.map((part) => part.summary()), ["works"]);
  }
  assert.deepEqual(done.slice(5), ["ended", "stop"]);
});

Deno.test("a stop ends the wait for a disk that takes writes", async () => {
  const stopped: string[] = [];
  const open = (): Promise<OpenRole> =>
    Promise.resolve({
      writable: new Promise(() => {}),
      alive: () => ALIVE,
      summary: () => "works",
      [Symbol.asyncDispose]: () => Promise.resolve(void stopped.push("stop")),
    });
  const running = await start([{ name: "node", open }]);
  await running[Symbol.asyncDispose]();
  assert.deepEqual(stopped, ["stop"]);
});
