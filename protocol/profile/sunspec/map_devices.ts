import type { Profile } from "../register.ts";
import type { ModelBlock } from "./map_id.ts";
import { familyOf } from "./model.ts";

const COMMON = 1;

/** The models of one device. */
export interface DeviceModels<B extends ModelBlock> {
  readonly models: readonly B[];
  /** It has no model 1 of its own: the models of the device in whose place it stands. */
  readonly guest?: readonly B[];
}

/**
 * The devices whose models follow each other in one map. Each model 1 begins one; meters and sensors that stand among the
 * models of an inverter are devices of their own, as what they measure is not what it gives.
 *
 * @example
 * ```ts
 * const block = (model: number, address: number) => ({ model, address, length: 2 });
 * const devices = devicesIn([block(1, 0), block(103, 4), block(203, 8)]);
 * devices.map(({ models }) => models.map(({ model }) => model)); // => [[1, 103], [203]]
 * ```
 */
export function devicesIn<B extends ModelBlock>(chain: readonly B[]): readonly DeviceModels<B>[] {
  const stretches: B[][] = [];
  for (const block of chain) {
    const current = stretches.at(-1);
    if (block.model === COMMON || !current) stretches.push([block]);
    else current.push(block);
  }
  return stretches.flatMap(parted);
}

function parted<B extends ModelBlock>(stretch: readonly B[]): readonly DeviceModels<B>[] {
  const meters = stretch.filter(({ model }) => familyOf(model) === "meter").map((meter) => [meter]);
  const sensors = stretch.filter(({ model }) => familyOf(model) === "sensor");
  const guests = [...meters, ...(sensors.length > 0 ? [sensors] : [])];
  const rest = stretch.filter((block) => !guests.flat().includes(block));
  const [first, ...others] = guests;
  const hosted = rest.some(({ model }) => familyOf(model) !== undefined);
  if (first === undefined || hosted) return [{ models: rest }, ...guests.map((models) => ({ models, guest: stretch }))];
  const host = stretch.filter((block) => rest.includes(block) || first.includes(block));
  return [{ models: host }, ...others.map((models) => ({ models, guest: stretch }))];
}

/**
 * Those devices of a map that can be read, as a configuration counts them: inverters first, as they were once counted alone.
 *
 * @example
 * ```ts
 * import { profileById } from "../catalogue.ts";
 * const ids = ["sunspec:203@0/105", "sunspec:103@0/50"];
 * const devices = ids.map(profileById).flatMap((profile) => profile ? [{ profile }] : []);
 * inOrder(devices).map(({ profile }) => profile.class); // => ["inverter", "meter"]
 * ```
 */
export function inOrder<D extends { readonly profile?: Profile }>(
  devices: readonly D[],
): readonly (D & { readonly profile: Profile })[] {
  const readable = devices.flatMap((device) => {
    const { profile } = device;
    return profile === undefined || profile.defaultRegisters.length === 0 ? [] : [{ ...device, profile }];
  });
  const inverters = readable.filter(({ profile }) => profile.power !== undefined);
  return [...inverters, ...readable.filter((device) => !inverters.includes(device))];
}
