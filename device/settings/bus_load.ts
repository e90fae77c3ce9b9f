import type { BrokenRule } from "../../protocol/settings/broken_rule.ts";
import type { SettingsValues } from "../../protocol/settings/settings.ts";
import type { ConfiguredInverter } from "../equipment/inverters.ts";
import type { NodeConfig } from "../config/node_config.ts";
import { costOf, lineCost, planReads } from "../inverter/read_plan.ts";
import { registerMap } from "../inverter/register_map.ts";
import { pollMs, registersOf } from "./in_force.ts";

const NO_OBSTACLES = { holes: new Set<never>(), cuts: new Set<never>() };

/**
 * Why a serial line could not carry these settings: the bytes of all polls of its inverters, with the silences between the
 * frames and the time an inverter takes to answer, need more time than there is. Nothing is said of networks, nor of
 * inverters whose map is not known.
 */
export function busRefusals(
  settings: SettingsValues,
  config: NodeConfig,
  inverters: readonly ConfiguredInverter[],
): readonly BrokenRule[] {
  return [...new Set(inverters.map(({ bus }) => bus))].flatMap((bus) => {
    const onBus = inverters.filter((inverter) => inverter.bus === bus);
    const load = onBus.reduce(
      (sum, inverter) => sum + readMs(settings, inverter) / pollMs(settings, config, inverter.config),
      0,
    );
    if (load <= 1) return [];
    const reason = { code: "line_too_slow", bus: bus.name, percent: Math.round(100 * load) } as const;
    return [{ key: settings.poll_interval_s === undefined ? "registers" : "poll_interval_s", reason }];
  });
}

/** Milliseconds that one poll takes on its line. */
function readMs(settings: SettingsValues, { config, inverter, bus }: ConfiguredInverter): number {
  const profile = inverter.profile();
  if (profile === undefined || bus.timing.charMs === 0) return 0;
  const map = registerMap(profile, registersOf(settings, config)(profile));
  if (!map.ok) return 0;
  const cost = lineCost(bus.timing);
  return map.value.units.reduce(
    (sum, { all }) => sum + costOf(planReads(all, cost, NO_OBSTACLES, config.max_read), cost),
    0,
  );
}
