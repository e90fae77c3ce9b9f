import { type Datagrams, unixDatagrams } from "./unix_datagram.ts";

/** Reads one environment variable. */
type Env = (name: string) => string | undefined;

/** What a service tells its manager (sd_notify(3)). */
export interface ServiceNews {
  /** Works now: whoever waited for this service may go on. */
  readonly ready?: true;
  /** Ends now, on its own account or because it was told to. */
  readonly stopping?: true;
  /** It is alive: without this for `watchdogMs` it is killed and started again. */
  readonly watchdog?: true;
  /** One line for people, shown by `systemctl status`. */
  readonly status?: string;
  /** Milliseconds more for the start or the stop under way, from now on. */
  readonly extendTimeoutMs?: number;
}

/** Whoever started this process and watches over it. */
export interface ServiceManager {
  /** Within this many milliseconds it wants a sign of life; `undefined`: it wants none. */
  readonly watchdogMs: number | undefined;
  /** Tells it something. Never waits and never throws; says whether it was heard. */
  tell(news: ServiceNews): boolean;
}

/** This process and the one that started it: the watchdog may be meant for the boot guard, which runs a new image as its child. */
interface Family {
  readonly pid: number;
  readonly ppid: number;
}

/** The service manager that the environment names (`NOTIFY_SOCKET`, `WATCHDOG_USEC`); `undefined` where there is none. */
export function serviceManager(
  env: Env,
  { pid, ppid }: Family = Deno,
  open: () => Datagrams = unixDatagrams,
): ServiceManager | undefined {
  const address = env("NOTIFY_SOCKET");
  if (address === undefined || !/^[/@]./.test(address)) return undefined; // systemd may also name a vsock: not for a box
  const datagrams = open();
  const meant = env("WATCHDOG_PID");
  const mine = meant === undefined || [pid, ppid].includes(Number(meant));
  return {
    watchdogMs: mine ? positive(env("WATCHDOG_USEC")) : undefined,
    tell: (news) => datagrams.send(address, new TextEncoder().encode(message(news))),
  };
}

/** The datagram for some news: one assignment a line. */
export function message({ ready, stopping, watchdog, status, extendTimeoutMs }: ServiceNews): string {
  return [
    ...(ready ? ["READY=1"] : []),
    ...(stopping ? ["STOPPING=1"] : []),
    ...(watchdog ? ["WATCHDOG=1"] : []),
    ...(status === undefined ? [] : [`STATUS=${status.replace(/\s+/g, " ")}`]),
    ...(extendTimeoutMs === undefined ? [] : [`EXTEND_TIMEOUT_USEC=${Math.round(1000 * extendTimeoutMs)}`]),
  ].join("\n");
}

function positive(microseconds: string | undefined): number | undefined {
  const ms = Number(microseconds) / 1000;
  return ms > 0 && Number.isFinite(ms) ? ms : undefined;
}
