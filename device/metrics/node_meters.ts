import type { Clock } from "../../platform/clock.ts";
import type { Distribution, Family, Point } from "../../platform/metrics/exposition.ts";
import { Counter, Histogram } from "../../platform/metrics/meters.ts";
import type { BusExchange } from "../modbus/exchange.ts";
import type { ExchangeReport, GatewayObserver } from "../uplink/exchange.ts";
import { Utilization } from "./utilization.ts";

/** Seconds of an exchange on a bus: from a network's to a slow line's timeout. */
const EXCHANGE_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
/** Seconds until the gateway has acknowledged an upload. */
const ACK_BOUNDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

interface BusMeters {
  readonly durations: Histogram;
  readonly utilization: Utilization;
  crcErrors: number;
}

/** What a node counts from its start on. */
export class NodeMeters implements GatewayObserver {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #requests = new Counter();
  readonly #buses = new Map<string, BusMeters>();
  readonly #acks = new Histogram(ACK_BOUNDS);

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** An exchange on a bus is over. */
  busExchanged(bus: string, { unit, fc, result, ms }: BusExchange): void {
    this.#requests.add({ bus, unit, fc, result });
    const meters = this.#busOf(bus);
    meters.durations.observe(ms / 1000);
    meters.utilization.busy(ms);
    if (result === "crc") meters.crcErrors++;
  }

  /** An exchange with the gateway is over: uploads that it took are timed. */
  exchanged({ path, exchange, tookMs }: ExchangeReport): void {
    const taken = path === "/process" && exchange.kind === "answer" && exchange.status === 200;
    if (taken) this.#acks.observe(tookMs / 1000);
  }

  families(): readonly Family[] {
    const buses = [...this.#buses];
    const each = (value: (meters: BusMeters) => number): readonly Point[] =>
      buses.map(([bus, meters]) => ({ labels: { bus }, value: value(meters) }));
    const durations: readonly Distribution[] = buses.map(([bus, meters]) => meters.durations.distribution({ bus }));
    return [
      {
        name: "ecowatt_modbus_requests_total",
        help: "Requests sent on a bus, retries included, by unit, function code and result",
        type: "counter",
        points: this.#requests.points(),
      },
      {
        name: "ecowatt_modbus_request_duration_seconds",
        help: "Time from a request's first byte to its answer, or to the end of waiting for it",
        type: "histogram",
        distributions: durations,
      },
      {
        name: "ecowatt_modbus_crc_errors_total",
        help: "Answers that arrived damaged",
        type: "counter",
        points: each(({ crcErrors }) => crcErrors),
      },
      {
        name: "ecowatt_bus_utilization_ratio",
        help: "Share of the last minute in which the bus was taken",
        type: "gauge",
        points: each(({ utilization }) => utilization.ratio()),
      },
      {
        name: "ecowatt_uplink_ack_seconds",
        help: "Time until the gateway has acknowledged an upload",
        type: "histogram",
        distributions: [this.#acks.distribution()],
      },
    ];
  }

  #busOf(bus: string): BusMeters {
    const known = this.#buses.get(bus);
    if (known) return known;
    const utilization = new Utilization(this.#clock);
    const meters = { durations: new Histogram(EXCHANGE_BOUNDS), utilization, crcErrors: 0 };
    this.#buses.set(bus, meters);
    return meters;
  }
}
