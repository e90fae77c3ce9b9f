import { getLogger } from "@logtape/logtape";
import { openNodeDatabase } from "../../../device/store/database.ts";
import { Sequence } from "../../../device/store/sequence.ts";
import { Outbox } from "../../../device/outbox/outbox.ts";
import { Notifier } from "../../../device/uplink/notifier.ts";
import { GatewayClient } from "../../../device/uplink/gateway_client.ts";
import { Uplink } from "../../../device/uplink/uplink.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { localFetch } from "../../fakes/http.ts";
import { until } from "../../fakes/until.ts";
import { systemRandom } from "../../../platform/random.ts";
import { forgetfulNode, SigningGateway, testKey } from "../../fakes/signing_gateway.ts";

/** What the blocks are of. */
export const series = { inverter: "roof", profile: "ecowatt", registers: ["Vac1", "Pac"] };

/** An uplink with `blocks` blocks of one sample to send, running against a gateway on a real socket. */
export class Scene implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "ecowatt-uplink-" });
  readonly db = openNodeDatabase(`${this.folder}/node.sqlite`);
  readonly clock = new FakeClock();
  readonly gateway = new SigningGateway();
  readonly sequence = new Sequence(this.db);
  readonly notifier = new Notifier();
  readonly log = getLogger(["test"]);
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

  constructor(blocks: number, options: { readonly url?: string; readonly timeoutMs?: number } = {}) {
    for (let n = 1; n <= blocks; n++) this.add(n);
    this.uplink = new Uplink({
      device: "test-node",
      outbox: this.outbox,
      notifier: this.notifier,
      clock: this.clock,
      random: { float: () => 1 },
      log: this.log,
      gateway: new GatewayClient({
        url: options.url ?? this.gateway.url,
        key: testKey,
        sequence: this.sequence,
        bound: forgetfulNode(),
        random: systemRandom,
        clock: this.clock,
        fetch: localFetch,
        ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      }),
    });
  }

  add(n: number): void {
    this.outbox.append(series, { at: n, values: [n, 2 * n] });
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
