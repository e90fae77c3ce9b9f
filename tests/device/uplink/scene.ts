import { openNodeDatabase } from "../../../device/store/database.ts";
import { Sequence } from "../../../device/store/sequence.ts";
import { Outbox } from "../../../device/outbox/outbox.ts";
import { Notifier } from "../../../device/uplink/notifier.ts";
import { GatewayClient } from "../../../device/uplink/gateway_client.ts";
import { ProfileCarrier, type ProfileDocuments } from "../../../device/uplink/profile_carrier.ts";
import { Uplink } from "../../../device/uplink/uplink.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { fakeLog } from "../../fakes/log.ts";
import { localFetch } from "../../fakes/http.ts";
import { until } from "../../fakes/until.ts";
import { systemRandom } from "../../../platform/random.ts";
import { knownProfile } from "../../../profiles/known_profile.ts";
import { forgetfulNode, SigningGateway, testKey } from "../../fakes/signing_gateway.ts";

/** What the blocks are of. */
export const series = { inverter: "roof", profile: "ecowatt", registers: ["Vac1", "Pac"] };

interface SceneOptions {
  readonly url?: string;
  readonly timeoutMs?: number;
  readonly documents?: ProfileDocuments;
}

/** An uplink with `blocks` blocks of one sample to send, running against a gateway on a real socket. */
export class Scene implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "ecowatt-uplink-" });
  readonly db = openNodeDatabase(`${this.folder}/node.sqlite`);
  readonly clock = new FakeClock();
  readonly gateway = new SigningGateway();
  readonly sequence = new Sequence(this.db);
  readonly notifier = new Notifier();
  readonly #fakeLog = fakeLog();
  readonly log = this.#fakeLog.log;
  /** What it logged. */
  readonly lines = this.#fakeLog.lines;
  readonly outbox = new Outbox({
    db: this.db,
    tailPath: `${this.folder}/tail`,
    limitBytes: 2 ** 24,
    firstBlock: 1,
    clock: this.clock,
    log: this.log,
  });
  readonly #stop = new AbortController();
  readonly uplink: Uplink;
  #running: Promise<void> | undefined;

  constructor(blocks: number, options: SceneOptions = {}) {
    for (let n = 1; n <= blocks; n++) this.add(n);
    const { device, log, clock } = { device: "test-node", log: this.log, clock: this.clock };
    const gateway = this.#client(options);
    const documents = options.documents ?? { of: () => undefined };
    const isCommon = (profile: string) => knownProfile(profile) !== undefined;
    const profiles = new ProfileCarrier({ device, gateway, documents, isCommon, clock, log });
    this.uplink = new Uplink({
      device,
      outbox: this.outbox,
      profiles,
      gateway,
      notifier: this.notifier,
      clock: this.clock,
      random: { float: () => 1 },
      log: this.log,
    });
  }

  #client({ url = this.gateway.url, timeoutMs }: SceneOptions): GatewayClient {
    return new GatewayClient({
      url,
      key: testKey,
      sequence: this.sequence,
      bound: forgetfulNode(),
      random: systemRandom,
      clock: this.clock,
      fetch: localFetch,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  add(n: number, of = series): void {
    this.outbox.append(of, { at: n, values: [n, 2 * n] });
    this.outbox.seal();
  }

  start(): void {
    this.#running = this.uplink.run(this.#stop.signal);
  }

  /** Lets real requests finish and skips pauses, until `done`. */
  async until(done: () => boolean, what: string): Promise<void> {
    if (this.#running === undefined) this.start();
    await until(async () => {
      if (done()) return true;
      const { retryAt } = this.uplink.status();
      if (retryAt !== undefined) await this.clock.advance(retryAt - this.clock.now());
      return false;
    }, what);
  }

  /** Stops the uplink and waits for its end. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async drained(): Promise<void> {
    await this.until(() => this.outbox.peek({ maxBlocks: 1, share: () => 0 }).length === 0, "outbox drained");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.gateway[Symbol.asyncDispose]();
    this.outbox[Symbol.dispose]();
    this.db.close();
    Deno.removeSync(this.folder, { recursive: true });
  }
}
