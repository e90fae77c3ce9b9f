/**
 * A number in [0, 1) that depends on its three arguments only, so that a simulated day can be looked up at any moment
 * and in any order. `channel` keeps quantities apart; `index` counts steps of time.
 */
export function uniform(seed: number, channel: number, index: number): number {
  let h = Math.imul(seed ^ Math.imul(channel + 1, 0x9e3779b1), 0x85ebca6b);
  h = mix(h ^ (index | 0));
  h = mix(h ^ Math.floor(index / 0x1_0000_0000));
  return (h >>> 0) / 0x1_0000_0000;
}

/** Noise in [0, 1) that changes smoothly, with `periodMs` between its turning points (value noise). */
export function smooth(seed: number, channel: number, at: number, periodMs: number): number {
  const step = Math.floor(at / periodMs);
  const part = at / periodMs - step;
  const weight = part * part * (3 - 2 * part);
  const from = uniform(seed, channel, step);
  return from + weight * (uniform(seed, channel, step + 1) - from);
}

/** Final mix of MurmurHash3: every input bit changes every output bit. */
function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
