import assert from "node:assert/strict";
import { createInverter, type Inverter, type InverterOptions } from "../../../device/inverter/inverter.ts";
import { pollOnce } from "../../../device/inverter/patient_poll.ts";
import type { Poll } from "../../../device/inverter/poll.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { answerOf, type Asked, type Transport, type VirtualDevice, virtualDevice } from "../modbus/virtual_device.ts";
import { common, sunSpecWords, threePhase } from "./fake_unit.ts";
import { shown } from "./inverter_bench.ts";

const TRANSPORTS: readonly Transport[] = ["tcp", "serial", "rtu over tcp"];
const MODELS = [common(66, "Fronius"), threePhase];

interface Bench extends AsyncDisposable {
  readonly device: VirtualDevice;
  readonly inverter: Inverter;
  poll(): Promise<Poll>;
  /** For people, who ask once. */
  once(): Promise<Poll>;
}

/** A SunSpec inverter on a real bus. */
function bench(transport: Transport, behave: (asked: Asked) => void, options: Partial<InverterOptions> = {}): Bench {
  const device = virtualDevice(new FakeClock(), behave);
  const bus = device.bus(transport);
  const inverter = createInverter({ unit: 1, profile: "sunspec", registers: [], ...options }, { ...device, bus });
  return {
    device,
    inverter,
    poll: () => device.clock.until(inverter.poll()),
    once: () => device.clock.until(pollOnce(inverter, { clock: device.clock, signal: new AbortController().signal })),
    [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose](),
  };
}

function isRefusal(response: ReturnType<typeof answerOf>): boolean {
  return response.fc === "exception";
}

for (const transport of TRANSPORTS) {
  for (const base of [40_000, 0, 50_000]) {
    Deno.test(`on ${transport} a map at ${base} of a device that ignores other addresses is found by the first poll`, async () => {
      const words = sunSpecWords(MODELS, { base, end: [] });
      await using it = bench(transport, (asked) => {
        const response = answerOf(words, asked.request);
        if (!isRefusal(response)) asked.send(asked.frame(response));
      });
      assert.equal(shown(await it.poll())["103.W"], 2345.6);
      assert.equal(it.inverter.identity()?.manufacturer, "Fronius");
    });
  }

  for (const base of [40_000, 0, 50_000, 1, 40_001]) {
    Deno.test(`on ${transport} a map at ${base} of a device that ignores other addresses is found after a night without it`, async () => {
      const words = sunSpecWords(MODELS, { base });
      let night = true;
      await using it = bench(transport, (asked) => {
        const response = answerOf(words, asked.request);
        if (!night && !isRefusal(response)) asked.send(asked.frame(response));
      });
      const poll = async (requests: number) => {
        for (const before = it.device.asked.length; it.device.asked.length < before + requests;) {
          if ((await it.poll()).kind === "read") return true;
          await it.device.clock.advance(5_000);
        }
        return false;
      };
      assert.equal(await poll(20), false);
      night = false;
      assert.equal(await poll([40_000, 0, 50_000].includes(base) ? 7 : 32), true);
    });
  }

  for (const base of [1, 39_999, 40_001, 49_999, 50_001]) {
    for (const ignores of [false, true]) {
      const how = ignores ? "ignores" : "refuses";
      Deno.test(`on ${transport} a map at ${base} of a device that ${how} other addresses is found`, async () => {
        const words = sunSpecWords(MODELS, { base });
        await using it = bench(transport, (asked) => {
          const response = answerOf(words, asked.request);
          if (!ignores || !isRefusal(response)) asked.send(asked.frame(response));
        });
        let poll = await it.poll();
        assert.ok(ignores || poll.kind === "read", "by the first poll of a unit that answers");
        for (let polls = 0; poll.kind === "nothing" && polls < 200; polls++) {
          await it.device.clock.advance(5_000);
          poll = await it.poll();
        }
        assert.equal(shown(poll)["103.W"], 2345.6);
      });
    }
  }

  Deno.test(`on ${transport} a device that is busy for a second is found by the first poll`, async () => {
    const words = sunSpecWords(MODELS);
    let since: number | undefined;
    await using it = bench(transport, (asked) => {
      since ??= it.device.clock.monotonic();
      const busy = it.device.clock.monotonic() < since + 1200;
      asked.send(asked.frame(busy ? { fc: "exception", function: 3, code: 6 } : answerOf(words, asked.request)));
    });
    assert.equal(shown(await it.poll())["103.W"], 2345.6);
  });

  for (const code of [4, 6, 7, 10, 11]) {
    Deno.test(`on ${transport} a device that answers everything with exception ${code} for five seconds is found by who asks once`, async () => {
      const words = sunSpecWords(MODELS);
      let since: number | undefined;
      await using it = bench(transport, (asked) => {
        since ??= it.device.clock.monotonic();
        const starting = it.device.clock.monotonic() < since + 5000;
        asked.send(asked.frame(starting ? { fc: "exception", function: 3, code } : answerOf(words, asked.request)));
      });
      assert.equal(shown(await it.once())["103.W"], 2345.6);
    });
  }

  Deno.test(`on ${transport} a device that refuses everything for its first second is found by who asks once`, async () => {
    const words = sunSpecWords(MODELS);
    let since: number | undefined;
    await using it = bench(transport, (asked) => {
      since ??= it.device.clock.monotonic();
      const starting = it.device.clock.monotonic() < since + 1000;
      asked.send(asked.frame(answerOf(starting ? new Map() : words, asked.request)));
    });
    assert.equal(shown(await it.once())["103.W"], 2345.6);
  });

  Deno.test(`on ${transport} a device without a map is told to have none within three seconds`, async () => {
    await using it = bench(transport, (asked) => asked.send(asked.frame(answerOf(new Map(), asked.request))));
    const began = it.device.clock.monotonic();
    const poll = await it.once();
    assert.equal(poll.kind === "nothing" && poll.fault.kind, "not_sunspec");
    assert.ok(it.device.clock.monotonic() - began < 3000);
  });

  Deno.test(`on ${transport} a device that is busy for long is said to be`, async () => {
    await using it = bench(transport, (asked) => asked.send(asked.frame({ fc: "exception", function: 3, code: 6 })));
    const poll = await it.poll();
    assert.ok(poll.kind === "nothing" && poll.fault.message.includes("device busy"), JSON.stringify(poll));
  });

  Deno.test(`on ${transport} nothing of more than max_read is asked, also while the map is looked for`, async () => {
    const words = sunSpecWords(MODELS);
    await using it = bench(transport, (asked) => {
      if (asked.request.fc === 3 && asked.request.count <= 30) asked.send(asked.frame(answerOf(words, asked.request)));
    }, { maxRead: 30 });
    const poll = await it.poll();
    assert.equal(shown(poll)["103.W"], 2345.6);
    assert.equal(it.inverter.identity()?.serialNumber, "SN1");
  });

  Deno.test(`on ${transport} a dead unit costs ten requests to look for the first time, and then rests`, async () => {
    await using it = bench(transport, () => {});
    assert.equal((await it.poll()).kind, "nothing");
    assert.equal(it.device.asked.length, 10);
    assert.equal((await it.poll()).kind, "nothing");
    assert.equal(it.device.asked.length, 10);
  });

  Deno.test(`on ${transport} a register that is answered with exception 4 is left out at the third poll, and the rest read`, async () => {
    const words = sunSpecWords(MODELS);
    const cabinet = 40_070 + 33;
    await using it = bench(transport, (asked) => {
      const { request } = asked;
      const fails = request.fc === 3 && request.address <= cabinet && cabinet < request.address + request.count;
      asked.send(asked.frame(fails ? { fc: "exception", function: 3, code: 4 } : answerOf(words, request)));
    });
    const polls = [];
    for (let i = 0; i < 5; i++) {
      polls.push(await it.poll());
      await it.device.clock.advance(1000);
    }
    assert.deepEqual(polls.map(({ kind }) => kind), ["nothing", "nothing", "read", "read", "read"]);
    const values = shown(await it.poll());
    assert.equal(values["103.W"], 2345.6);
    assert.equal(values["103.TmpCab"], undefined);
    assert.deepEqual(it.inverter.quarantined(), [{ register: "103.TmpCab", code: 4 }]);
    const before = it.device.asked.length;
    for (let i = 0; i < 300; i++) {
      await it.device.clock.advance(1000);
      await it.poll();
    }
    const again = it.device.asked.slice(before).filter(({ request }) => request.fc === 3 && request.count === 1);
    assert.equal(again.length, 1, "it is asked for again a minute later, then ten");
  });

  Deno.test(`on ${transport} a device that fails once does not end the chain of its models there`, async () => {
    const words = sunSpecWords(MODELS);
    const header = 40_069;
    let failed = false;
    await using it = bench(transport, (asked) => {
      const fails = !failed && asked.request.fc === 3 && asked.request.address > header && asked.request.count === 1;
      failed ||= fails;
      asked.send(asked.frame(fails ? { fc: "exception", function: 3, code: 4 } : answerOf(words, asked.request)));
    });
    assert.equal(shown(await it.poll())["103.W"], 2345.6);
  });
}

Deno.test("over tcp a device that is always one answer behind is found and read", async () => {
  const words = sunSpecWords(MODELS);
  await using it = bench("tcp", (asked) => {
    const before = asked.memory.get("answer");
    asked.memory.set("answer", asked.frame(answerOf(words, asked.request)));
    if (before) asked.send(before);
  });
  assert.equal(shown(await it.poll())["103.W"], 2345.6);
});

Deno.test("over tcp a device with a header that is wrong is read by who asks once", async () => {
  for (const [at, byte] of [[3, 1], [5, 0], [5, 6]] as const) {
    const words = sunSpecWords(MODELS);
    await using it = bench("tcp", (asked) => asked.send(asked.frame(answerOf(words, asked.request)).with(at, byte)));
    assert.equal(shown(await it.once())["103.W"], 2345.6);
  }
});

Deno.test("a device that fails altogether with exception 4 for a while loses no register, and is not searched all the time", async () => {
  const words = sunSpecWords(MODELS);
  let fails = false;
  await using it = bench("tcp", (asked) => {
    asked.send(asked.frame(fails ? { fc: "exception", function: 3, code: 4 } : answerOf(words, asked.request)));
  });
  assert.equal(shown(await it.poll())["103.TmpCab"], 41.5);
  fails = true;
  const before = it.device.asked.length;
  for (let i = 0; i < 100; i++) {
    assert.equal((await it.poll()).kind, "nothing");
    await it.device.clock.advance(1000);
  }
  assert.ok(it.device.asked.length - before < 400, `${it.device.asked.length - before} requests`);
  fails = false;
  assert.equal(shown(await it.poll())["103.TmpCab"], 41.5);
  assert.deepEqual(it.inverter.quarantined(), []);
});
