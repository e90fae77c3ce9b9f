/** Why an inverter cannot do what a command says. */
export type CommandReason =
  | { readonly code: "no_power_limit"; readonly title: string }
  /** Nobody has tried it on hardware, and the order does not insist. */
  | { readonly code: "untried"; readonly title: string; readonly safety: readonly string[] }
  /** A limit is set in the unit of its register only. */
  | { readonly code: "other_unit"; readonly unit: string; readonly register: string }
  | { readonly code: "negative" }
  /** The firmware of boards does not lift a limit. */
  | { readonly code: "no_revert" }
  /** No register begins there: a write is of a whole one. */
  | { readonly code: "no_register_begins"; readonly title: string; readonly address: number }
  | { readonly code: "no_register"; readonly title: string; readonly address: number; readonly count: number }
  | { readonly code: "read_only"; readonly register: string }
  /** The firmware of boards knows one write, and no read. */
  | { readonly code: "board_writes_limit_only"; readonly register: string | undefined }
  | { readonly code: "board_cannot_read" }
  /** More than its words hold. */
  | { readonly code: "beyond_encoding"; readonly register: string; readonly min: number; readonly max: number }
  | { readonly code: "means_absent"; readonly register: string; readonly raw: number }
  | { readonly code: "scale_unusable"; readonly register: string }
  | {
    readonly code: "out_of_range";
    readonly register: string;
    readonly min: number;
    readonly max: number;
    readonly unit: string;
    readonly value: number;
  };

/** A reason, and where in the command it is: `parameters.value`. */
export interface CommandRefusal {
  readonly path: string;
  readonly reason: CommandReason;
}

/**
 * A reason for those who read it.
 *
 * @example
 * ```ts
 * commandReasonText({ code: "read_only", register: "Pac" }); // => "Pac cannot be written"
 * ```
 */
export function commandReasonText(reason: CommandReason): string {
  switch (reason.code) {
    case "no_power_limit":
      return `${reason.title} has no power limit that can be set`;
    case "untried": {
      const { title, safety } = reason;
      const why = ["nobody has tried it on hardware", ...safety].join("; ");
      return `must be true to limit ${title}: ${why}`;
    }
    case "other_unit":
      return `must be ${reason.unit}, the unit of ${reason.register}`;
    case "negative":
      return "must not be negative";
    case "no_revert":
      return "a board does not lift a limit after a time";
    case "no_register_begins":
      return `${reason.title} has no register that begins at ${reason.address}`;
    case "no_register": {
      const { title, address, count } = reason;
      return `${title} has no register at ${count === 1 ? address : `${address} to ${address + count - 1}`}`;
    }
    case "read_only":
      return `${reason.register} cannot be written`;
    case "board_writes_limit_only":
      return `a board writes ${reason.register} only`;
    case "board_cannot_read":
      return "a board does not know read_register";
    case "beyond_encoding":
      return `${reason.register} holds ${reason.min} to ${reason.max}`;
    case "means_absent":
      return `${reason.raw} means "not implemented" in ${reason.register}`;
    case "scale_unusable":
      return `the scale factor of ${reason.register} is unusable`;
    case "out_of_range": {
      const { register, min, max, unit, value } = reason;
      return `${register} takes ${min} to ${max} ${unit}: ${value} is outside`.trim();
    }
    default:
      return reason satisfies never;
  }
}
