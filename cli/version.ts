import project from "../deno.json" with { type: "json" };

/** The version of this program (SemVer 2.0). */
export const VERSION: string = project.version;

/** What firmware for this program is made for. */
export const MODEL = "ecowatt";
