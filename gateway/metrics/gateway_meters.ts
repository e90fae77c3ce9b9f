import { pathAndQuery } from "../../crypto/message_signature.ts";
import { Counter, Histogram } from "../../platform/metrics/meters.ts";
import type { Family } from "../../platform/metrics/exposition.ts";
import type { SampleBatch } from "../store/port/sample_batch.ts";
import type { Handler } from "../http/server.ts";

/** Seconds of a commit: from a fast disk's to a dying card's. */
const COMMIT_BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** What the gateway counts from its start on. */
export class GatewayMeters {
  readonly #requests = new Counter();
  readonly #uploads = new Counter();
  readonly #samples = new Counter();
  readonly #commits = new Histogram(COMMIT_BOUNDS);

  constructor() {
    this.#uploads.add({}, 0);
    this.#samples.add({}, 0);
  }

  /** Counts the answers of a handler. `paths`: those that are told by name, so that nobody can make new names. */
  counting(handler: Handler, paths: ReadonlySet<string>): Handler {
    return async (request, address) => {
      const asked = pathAndQuery(request.url).path;
      const path = paths.has(asked) ? asked : "other";
      const response = await handler(request, address);
      this.#requests.add({ path, code: response.status });
      return response;
    };
  }

  /** One upload's samples are on disk. */
  stored(batches: readonly SampleBatch[]): void {
    this.#uploads.add();
    this.#samples.add({}, batches.reduce((sum, { series }) => sum + series.samples.length, 0));
  }

  /** A commit took so many milliseconds. */
  committed(ms: number): void {
    this.#commits.observe(ms / 1000);
  }

  families(): readonly Family[] {
    return [
      {
        name: "ecowatt_http_requests_total",
        help: "Answers given, by path of devices (all others together) and status code",
        type: "counter",
        points: this.#requests.points(),
      },
      {
        name: "ecowatt_uploads_total",
        help: "Uploads that brought new samples",
        type: "counter",
        points: this.#uploads.points(),
      },
      {
        name: "ecowatt_samples_stored_total",
        help: "Samples stored",
        type: "counter",
        points: this.#samples.points(),
      },
      {
        name: "ecowatt_store_commit_duration_seconds",
        help: "Time that a group of writes took to be on disk",
        type: "histogram",
        distributions: [this.#commits.distribution()],
      },
    ];
  }
}
