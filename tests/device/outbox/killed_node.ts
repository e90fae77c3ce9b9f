// A node in small that is there to be killed: real schedule, outbox, sequence and uplink, and an inverter that counts.
// Arguments: folder, gateway address, first number. Prints each number once it is in the outbox.
import { getLogger } from "@logtape/logtape";
import { Period } from "../../../device/acquisition/period.ts";
import { Pulse } from "../../../device/acquisition/pulse.ts";
import { Sampler } from "../../../device/acquisition/sampler.ts";
import { keepSchedule } from "../../../device/acquisition/schedule.ts";
import { noneWithheld } from "../../../device/inverter/poll.ts";
import { Outbox } from "../../../device/outbox/outbox.ts";
import { openNodeDatabase } from "../../../device/store/database.ts";
import { Sequence } from "../../../device/store/sequence.ts";
import { Notifier } from "../../../device/uplink/notifier.ts";
import { GatewayClient } from "../../../device/uplink/gateway_client.ts";
import { ProfileCarrier } from "../../../device/uplink/profile_carrier.ts";
import { Uplink } from "../../../device/uplink/uplink.ts";
import { systemClock as clock } from "../../../platform/clock.ts";
import { systemRandom as random } from "../../../platform/random.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { forgetfulNode, testKey } from "../../fakes/signing_gateway.ts";

const [folder = "", url = "", first = "0"] = Deno.args;
const log = getLogger(["test"]);
const { signal } = new AbortController();
const db = openNodeDatabase(`${folder}/node.sqlite`);
const sequence = new Sequence(db);
const outbox = new Outbox({
  db,
  tailPath: `${folder}/node.tail`,
  limitBytes: 2 ** 26,
  firstBlock: 1,
  clock,
  alongside: () => sequence.topUp(),
  log,
});
const notifier = new Notifier();
const gateway = new GatewayClient({ url, key: testKey, sequence, bound: forgetfulNode(), clock, random, fetch });
const device = testKey.deviceId;
const documents = { of: () => undefined };
const profiles = new ProfileCarrier({ device, gateway, documents, isCommon: () => true, clock, log });
const uplink = new Uplink({ device, outbox, gateway, profiles, notifier, clock, random, log });

let number = Number(first);
const printer = new TextEncoder();
const profile = { ...ecowatt, id: "count" };
const inverters = ["roof", "barn"].map((name) =>
  new Sampler({
    name,
    inverter: {
      poll: () => {
        const read = { at: clock.now(), profile, columns: ["n"], values: [number++], withheld: noneWithheld() };
        return Promise.resolve({ kind: "read", ...read });
      },
    },
    sink: {
      append(key, sample) {
        outbox.append(key, sample);
        Deno.stdout.writeSync(printer.encode(`${sample.values[0]}\n`));
      },
    },
    pulse: new Pulse(name, 60_000, clock),
    observers: [],
    clock,
  })
);
await Promise.all([
  ...inverters.map((inverter) => inverter.run(new Period(4), signal)),
  keepSchedule({
    period: new Period(30),
    run: () => {
      outbox.seal();
      notifier.ring();
    },
  }, { clock, signal }),
  uplink.run(signal),
]);
