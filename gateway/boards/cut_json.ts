/**
 * Makes JSON that was cut anywhere whole again: it ends after the last complete member of the root object or the last
 * complete item of an array in it, and what is open there is closed. Text that is no JSON stays none. One pass.
 */
export function closeCutJson(text: string): string {
  let inText = false;
  let depth = 0;
  let end = 0;
  let closing = "";
  let open = "";
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? "";
    if (inText) {
      if (character === "\\") i++;
      else if (character === '"') inText = false;
    } else if (character === '"') inText = true;
    else if (character === "{" || character === "[") {
      depth++;
      if (depth <= 2) open = (character === "{" ? "}" : "]") + open;
    } else if (character === "}" || character === "]") {
      depth--;
      if (depth < 2) open = open.slice(1);
      if (depth === 2) [end, closing] = [i + 1, open];
    } else if (character === "," && depth === 1) [end, closing] = [i, open];
  }
  return text.slice(0, end) + closing;
}
