import type { Role } from "../../../gateway/store/tokens.ts";

/** One request of the story that makes the examples of the API. */
export interface Step {
  readonly name: string;
  readonly summary: string;
  /** `post /api/v1/devices/{device_id}/keys` */
  readonly operation: string;
  /** Who asks: an operator by role, the node `roof` signing, the board `shed` with its HMAC or from its address, or nobody. */
  readonly as: Role | "node" | "board" | "nobody";
  /** Text such as `$queue_limit.command_id` stands for what an earlier step was answered. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON; `$block` and the like are prepared by the recorder. */
  readonly body?: unknown;
  /** The name of prepared bytes instead of JSON. */
  readonly bytes?: "node_image" | "board_image";
  /** A sequence number that was used before. */
  readonly repeats?: true;
  readonly status: number;
  /** Only these keys of the answer are shown, or lines with these words. */
  readonly shows?: readonly string[];
  /** Keys of the answer that tell of the machine, and what is shown in their place; a text: in place of all. */
  readonly instead?: Readonly<Record<string, unknown>> | string;
  /** Only the first piece of the answer is waited for: it does not end. */
  readonly endless?: true;
}

/** The node of the story, as a body or a path names it. */
export const roof = { device_id: "roof" };
