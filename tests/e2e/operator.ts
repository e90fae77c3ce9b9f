import { PATIENCE_MS } from "../fakes/until.ts";
import { until } from "./process.ts";

/** A command as the gateway tells of it. */
export interface ToldCommand {
  readonly command_id: string;
  readonly status: "pending" | "executing" | "completed" | "failed" | "expired" | "cancelled";
  readonly error_message: string | null;
}

/** What was asked for. */
export interface Order {
  readonly percent: number;
  /** Writes that the inverter had taken before. */
  readonly after: number;
  /** `undefined`: it came too late to be queued. */
  readonly id: string | undefined;
}

interface OperatorOptions {
  readonly token: string;
  readonly device: string;
  /** What the inverter was told so far. */
  readonly written: () => readonly number[];
}

const ENDED = new Set<ToldCommand["status"]>(["completed", "failed", "expired", "cancelled"]);

/** Somebody who sets a device's power limit at a gateway that may be killed at any time, and asks again until it says something. */
export class Operator {
  readonly orders: Order[] = [];
  readonly #url: string;
  readonly #token: string;
  readonly #device: string;
  readonly #written: () => readonly number[];
  #asked = 0;

  constructor(url: string, { token, device, written }: OperatorOptions) {
    this.#url = url;
    this.#token = token;
    this.#device = device;
    this.#written = written;
  }

  /** `livesMs`: it expires after so long. */
  async setPower(percent: number, livesMs?: number): Promise<void> {
    const after = this.#written().length;
    const body = JSON.stringify({
      device_id: this.#device,
      command_type: "set_power",
      parameters: { power_value: percent },
      idempotency_key: `order ${++this.#asked}`,
      override_budget: true,
      ...(livesMs === undefined ? {} : { expires_at: new Date(Date.now() + livesMs).toISOString() }),
    });
    const answer = await until("an order that is taken", () => this.#request("/command/queue", body));
    const id = livesMs !== undefined && answer.status === 422 ? undefined : idOf(answer);
    this.orders.push({ percent, after, id });
  }

  async told({ id }: Order): Promise<ToldCommand | undefined> {
    if (id === undefined) return undefined;
    const answer = await until("a command", () => this.#request(`/command/status?command_id=${id}`));
    return JSON.parse(answer.text).command;
  }

  /** How many commands the device ever had. */
  async count(): Promise<number> {
    let count = 0;
    for (let before = "";;) {
      const path = `/command/history?device_id=${this.#device}&limit=1000${before}`;
      const { text } = await until("the history", () => this.#request(path));
      const page: { readonly command_count: number; readonly next: string | null } = JSON.parse(text);
      count += page.command_count;
      if (page.next === null) return count;
      before = `&before=${encodeURIComponent(page.next)}`;
    }
  }

  /** Waits until nothing is under way. */
  async settled(): Promise<void> {
    for (const order of this.orders) await this.ended(order);
  }

  async ended(order: Order): Promise<void> {
    await until(`the end of ${order.id}`, async () => {
      const told = await this.told(order);
      return told === undefined || ENDED.has(told.status) ? true : undefined;
    });
  }

  /** `undefined` while the gateway is not there, or cannot. */
  async #request(path: string, body?: string): Promise<{ readonly status: number; readonly text: string } | undefined> {
    const response = await fetch(this.#url + path, {
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(body === undefined ? {} : { method: "POST", body }),
    });
    const text = await response.text();
    return response.status === 503 ? undefined : { status: response.status, text };
  }
}

function idOf({ status, text }: { readonly status: number; readonly text: string }): string {
  if (status !== 200) throw new Error(`the order is refused: ${status}: ${text}`);
  return JSON.parse(text).command_id;
}
