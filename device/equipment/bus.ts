import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { BusConfig } from "../config/bus_config.ts";
import type { Bus } from "../modbus/bus.ts";
import type { ByteStream } from "../modbus/byte_stream.ts";
import { httpLine } from "../modbus/http_line.ts";
import type { Line } from "../modbus/line.ts";
import type { BusExchange } from "../modbus/exchange.ts";
import { createBus } from "../modbus/line_bus.ts";
import { rtuLine, rtuOverTcpLine, tcpLine } from "../modbus/lines.ts";
import { openSerial } from "../serial/port.ts";
import { bitsPerCharacter, type SerialSettings } from "../serial/settings.ts";

/** Dependencies of a bus. */
interface BusIo {
  readonly clock: Clock;
  readonly log: Logger;
  /** Hears of every request that went out, when it is over. */
  readonly exchanged?: (bus: string, exchange: BusExchange) => void;
  /** Opens a serial port; by default as one of this machine. */
  readonly openSerial?: (path: string, settings: SerialSettings) => ByteStream;
}

/** A unit that does not answer is asked at least so often, milliseconds: an inverter that wakes up is not missed for long. */
const LONGEST_PAUSE_MS = 60_000;

/** The bus of a configuration. Nothing is opened before the first request. */
export function busOf(config: BusConfig, io: BusIo): Bus {
  const { timeout, min_timeout, max_timeout, retries } = config.timing;
  const options = {
    timeoutMs: timeout,
    minTimeoutMs: Math.min(min_timeout, timeout),
    maxTimeoutMs: Math.max(max_timeout, timeout),
    retries,
    backoff: { maxMs: LONGEST_PAUSE_MS },
  };
  return createBus(lineOf(config, io), options, {
    ...io,
    exchanged: (exchange) => io.exchanged?.(config.name, exchange),
  });
}

function lineOf(config: BusConfig, io: BusIo): Line {
  const { clock } = io;
  const { gap } = config.timing;
  const gapMs = gap === undefined ? {} : { gapMs: gap };
  if (config.serial) return serialLine(config.serial, gapMs, io);
  if (config.tcp) return tcpLine({ ...connectionOf(config.tcp), quirks: config.tcp, ...gapMs }, clock);
  if (config.rtu_over_tcp) {
    const { baud, local_echo } = config.rtu_over_tcp;
    const pace = {
      ...(baud === undefined ? {} : { baud }),
      ...echo(local_echo),
      quirks: config.rtu_over_tcp,
      ...gapMs,
    };
    return rtuOverTcpLine({ ...connectionOf(config.rtu_over_tcp), ...pace }, clock);
  }
  if (config.http) return httpLine({ baseUrl: config.http.url, apiKey: config.http.api_key }, clock);
  throw new Error(`Cannot open the bus ${config.name}: it says neither serial, tcp, rtu_over_tcp nor http`);
}

function serialLine(
  config: NonNullable<BusConfig["serial"]>,
  gap: { gapMs?: number },
  { clock, openSerial: open = openSerial }: BusIo,
): Line {
  const { path, baud, parity, stop_bits, rs485 } = config;
  const settings: SerialSettings = {
    baud,
    parity,
    stopBits: stop_bits,
    ...(rs485 === undefined ? {} : {
      rs485: {
        rtsOnSend: rs485.rts_on_send,
        rtsAfterSend: rs485.rts_after_send,
        rxDuringTx: rs485.rx_during_tx,
        terminate: rs485.terminate,
        delayBeforeMs: rs485.delay_before,
        delayAfterMs: rs485.delay_after,
      },
    }),
  };
  const pace = { baud, bitsPerChar: bitsPerCharacter(settings), ...echo(config.local_echo), quirks: config, ...gap };
  return rtuLine(path, () => open(path, settings), pace, clock);
}

function connectionOf(config: NonNullable<BusConfig["tcp"]>) {
  const { host, port, connect_timeout, connect_delay, idle_close, max_age } = config;
  return {
    host,
    port,
    connectTimeoutMs: connect_timeout,
    connectDelayMs: connect_delay,
    ...(idle_close === undefined ? {} : { idleCloseMs: idle_close }),
    ...(max_age === undefined ? {} : { maxAgeMs: max_age }),
  };
}

function echo(localEcho: boolean | undefined): { localEcho?: boolean } {
  return localEcho === undefined ? {} : { localEcho };
}
