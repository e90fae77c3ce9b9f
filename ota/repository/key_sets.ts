import { type KeySet, openKeySet } from "../../keys/firmware_keys.ts";
import { type Outcome, refusal } from "../../protocol/outcome.ts";
import type { FirmwareFault } from "../manifest/firmware.ts";

/** The key sets of a repository, each under its name. Keys do not change under a name, so they are read once. */
interface KeySets {
  /** Throws when there are no usable ones. */
  get(name: string): Promise<KeySet>;
  /** Does work with the keys of a name; refused when there are no usable ones. */
  use<T>(
    name: string,
    work: (keys: KeySet) => Promise<Outcome<T, FirmwareFault>>,
  ): Promise<Outcome<T, FirmwareFault>>;
}

/**
 * The key sets in a folder.
 *
 * @example
 * ```ts
 * const keySets = openKeySets(await Deno.makeTempDir());
 * const used = await keySets.use("main", () => Promise.reject(new Error("not called")));
 * used.ok; // => false
 * ```
 */
export function openKeySets(folder: string): KeySets {
  const known = new Map<string, KeySet>();
  const get = async (name: string) => {
    const keys = known.get(name) ?? await openKeySet(folder, name);
    known.set(name, keys);
    return keys;
  };
  return {
    get,
    async use(name, work) {
      const keys = await get(name).catch(() => undefined);
      if (keys) return await work(keys);
      return refusal("keys", `There are no usable firmware keys "${name}" on the gateway: ecowatt keys generate`);
    },
  };
}
