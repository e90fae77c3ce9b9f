import assert from "node:assert/strict";
import { createPowerLimits } from "../../../../gateway/mqtt/home_assistant/power_limits.ts";
import type { Message } from "../../../../gateway/mqtt/message.ts";
import { FakeClock } from "../../../fakes/clock.ts";

/** What a payload comes to: the parameters of the command, or why there is none. */
async function outcomeOf(payload: string): Promise<unknown> {
  const queued: unknown[] = [];
  const shown: Message[] = [];
  const unused = () => Promise.reject(new Error("test: not asked for"));
  const limits = createPowerLimits({
    publisher: { put: (message) => void shown.push(message), retained: () => undefined },
    commandService: {
      queue(wishes) {
        queued.push(...wishes.map(({ parameters }) => parameters));
        return Promise.resolve([]);
      },
      cancel: unused,
      status: unused,
    },
    hasInverter: () => true,
    clock: new FakeClock(),
    warn: () => {},
  });
  const topic = "ecowatt/roof/east/power_limit/set";
  await limits.take({ topic, payload: new TextEncoder().encode(payload), retained: false, who: "mqtt ha" });
  return queued[0] ?? JSON.parse(shown.at(-1)?.payload ?? "{}").command.message;
}

Deno.test("a limit is a number, or an object that also says after how many seconds the inverter lifts it by itself", async () => {
  assert.deepEqual(await outcomeOf("40"), { power_value: 40 });
  assert.deepEqual(await outcomeOf('{"value": 40}'), { power_value: 40 });
  assert.deepEqual(await outcomeOf('{"value": 40, "revert_s": 60}'), { power_value: 40, revert_s: 60 });
});

for (
  const wrong of ["", "-1", "4.5", "{}", '{"value": -1}', '{"value": 40, "revert_s": 70000}', '{"value":40,"x":1}']
) {
  Deno.test(`a limit of ${JSON.stringify(wrong)} is refused, with the form that is taken`, async () => {
    assert.match(String(await outcomeOf(wrong)), /whole number, or \{"value": 40, "revert_s": 60\}/);
  });
}
