import { type Outcome, refusal, success } from "../../protocol/outcome.ts";

/** Most addresses that are scanned at once: a /20. */
const MAX_HOSTS = 4096;

/**
 * The addresses of `192.168.1.0/24`, `192.168.1.20-60`, `192.168.1.20-192.168.1.60`, or one address or name. Refused beyond a
 * /20: that is no home network, and takes minutes.
 */
export function hostsOf(text: string): Outcome<readonly string[]> {
  const cidr = text.match(/^([\d.]+)\/(\d{1,2})$/);
  if (cidr) return ofCidr(cidr[1] ?? "", Number(cidr[2]));
  const range = text.match(/^([\d.]+)-([\d.]+)$/);
  if (range) return ofRange(range[1] ?? "", range[2] ?? "");
  if (/^[\d.]+$/.test(text) && ipv4(text) === undefined) return refusal("address", `"${text}" is no IPv4 address`);
  if (!/^[A-Za-z0-9.:_-]+$/.test(text)) return refusal("address", `"${text}" is no address, range or network`);
  return success([text]);
}

function ofCidr(address: string, bits: number): Outcome<readonly string[]> {
  const from = ipv4(address);
  if (from === undefined || bits > 32) return refusal("address", `"${address}/${bits}" is no IPv4 network`);
  const size = 2 ** (32 - bits);
  const first = Math.floor(from / size) * size;
  if (bits >= 31) return between(first, first + size - 1);
  return between(first + 1, first + size - 2); // without the network's and the broadcast address
}

function ofRange(start: string, end: string): Outcome<readonly string[]> {
  const from = ipv4(start);
  const to = /^\d{1,3}$/.test(end) ? ipv4(start.replace(/\d+$/, end)) : ipv4(end);
  if (from === undefined || to === undefined) {
    return refusal("address", `"${start}-${end}" is no range of IPv4 addresses`);
  }
  if (to < from) return refusal("address", `"${start}-${end}" ends before it begins`);
  return between(from, to);
}

function between(from: number, to: number): Outcome<readonly string[]> {
  const count = to - from + 1;
  if (count > MAX_HOSTS) {
    return refusal(
      "size",
      `${count} addresses are too many: at most ${MAX_HOSTS} (a /20) at a time; name a smaller network`,
    );
  }
  return success(Array.from({ length: count }, (_, i) => text(from + i)));
}

function ipv4(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return undefined;
  return parts.reduce((number, part) => number * 256 + Number(part), 0);
}

function text(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}
