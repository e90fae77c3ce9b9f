import { type Outcome, refusal, success } from "../protocol/outcome.ts";

/** JSON from outside never nests deeper. */
export const MAX_JSON_DEPTH = 32;

type JsonFault = "utf8" | "json" | "depth";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The value of a JSON text; nested too deeply is refused before anything walks it. */
export function parseJson(body: Uint8Array): Outcome<unknown, JsonFault> {
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    return refusal("utf8", "The body is not UTF-8");
  }
  if (!isShallow(body, MAX_JSON_DEPTH)) return refusal("depth", `The body nests deeper than ${MAX_JSON_DEPTH}`);
  try {
    return success(JSON.parse(text));
  } catch {
    return refusal("json", "The body is not JSON");
  }
}

/** Whether no bracket or brace outside of a string opens deeper than `depth`. Bytes that are no JSON may pass. */
export function isShallow(json: Uint8Array, depth: number): boolean {
  let open = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (inString) {
      if (byte === 0x5c) i++; // an escape: its next byte is no quote
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++open > depth) return false;
    } else if (byte === 0x7d || byte === 0x5d) open--;
  }
  return true;
}
