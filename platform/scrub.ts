const REMOVED = "[removed]";

/** `key: …`, `"api_key": "…"`, `password=…`: what is behind such a name, to the end of the value. */
const NAMED =
  /(["']?\b[\w-]*(?:key|psk|secret|token|passwo?r?d|passphrase|authorization|cookie)["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s,}\]#][^,}\]#\n]*)/gi;

/** Secrets that show by their form alone, wherever they stand. */
const FORMS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\becowatt_[A-Za-z0-9_-]{20,}/g, // an operator's token
  /\b[0-9a-fA-F]{64}\b/g, // a device key, or a hash, which nobody misses
  /\b(?:Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi,
  /(?<=\/\/)[^/\s:@]+:[^/\s@]+(?=@)/g, // credentials in an address
];

/** A text without secrets: what has a secret's name, and what has a secret's form. Numbers of keys and file names stay. */
export function scrub(text: string): string {
  const named = text.replace(NAMED, (whole, name: string, value: string) => {
    if (/^["']?(true|false|null|\d{1,6})["']?\s*$/.test(value) || /_?(file|number)["']?\s*[:=]/i.test(name)) {
      return whole;
    }
    return /^["']/.test(value) ? `${name}${value[0]}${REMOVED}${value[0]}` : `${name}${REMOVED}`;
  });
  return FORMS.reduce((rest, form) => rest.replace(form, REMOVED), named);
}
