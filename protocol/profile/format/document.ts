import type { z } from "zod";
import { controlFaults } from "./check/controls.ts";
import { derivedFaults } from "./check/derived.ts";
import { layoutFaults } from "./check/layout.ts";
import { meaningFaults } from "./check/meaning.ts";
import { pollFaults } from "./check/poll.ts";
import { probeFaults } from "./check/probes.ts";
import { variantFaults } from "./check/variants.ts";
import { once } from "../../../platform/once.ts";
import { shape } from "./shape.ts";

const CHECKS = [
  ...[variantFaults, layoutFaults, meaningFaults, derivedFaults, pollFaults, probeFaults, controlFaults],
];

/** A device as data whose parts fit together: `ecowatt-profile/1` (docs/profiles.md). */
export const profileDocument = once(() =>
  shape().superRefine((written, context) => {
    const told = new Set<string>();
    for (const { path, message } of CHECKS.flatMap((check) => check(written))) {
      // What the registers of all variants share is wrong in each of them, and told once.
      const place = `${path.join("\n")}\n${message}`;
      if (told.has(place)) continue;
      told.add(place);
      context.addIssue({ code: "custom", path: [...path], message });
    }
  })
);
export type ProfileDocument = Readonly<z.infer<ReturnType<typeof profileDocument>>>;
