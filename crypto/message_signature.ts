import {
  type BareItem,
  type InnerList,
  type Item,
  parseDictionary,
  serialiseItem,
  serialiseMember,
  serialiseParameters,
} from "./structured_field.ts";

/** Most characters of a dictionary field of which one member is covered. */
const MAX_DICTIONARY_LENGTH = 8192;

/** Where the fields of a message are: `Headers` is one. Several lines of a field come joined by `, `. */
export interface Fields {
  get(name: string): string | null;
}

/** What of a request a signature can cover. */
export interface RequestParts {
  readonly method: string;
  /** Absolute, with path and query as they are on the wire. */
  readonly url: string;
  readonly fields: Fields;
}

/** What of a response a signature can cover. */
export interface ResponseParts {
  readonly status: number;
  readonly fields: Fields;
  /** The request it answers, for components with `;req`. */
  readonly request?: RequestParts;
}

/**
 * Path and query of an absolute URL as RFC 9421 sections 2.2.6 and 2.2.7 want them: never empty, not decoded.
 *
 * @example
 * ```ts
 * pathAndQuery("http://gateway.example/status?full=1"); // => { path: "/status", query: "?full=1" }
 * pathAndQuery("http://gateway.example/changes"); // => { path: "/changes", query: "?" }
 * ```
 */
export function pathAndQuery(url: string): { readonly path: string; readonly query: string } {
  const fragment = url.indexOf("#");
  const whole = fragment < 0 ? url : url.slice(0, fragment);
  const authority = whole.indexOf("://") + 3;
  const query = whole.indexOf("?", authority);
  const end = query < 0 ? whole.length : query;
  const slash = whole.indexOf("/", authority);
  const path = slash < 0 || slash > end ? "/" : whole.slice(slash, end);
  return { path, query: query < 0 ? "?" : whole.slice(query) };
}

/**
 * The signature base of a message (RFC 9421 section 2.5) for a member of `Signature-Input`. `undefined` when it cannot be
 * built: a component is unknown, absent, ambiguous, not ASCII, or comes twice.
 *
 * @example
 * ```ts
 * const message = { method: "POST", url: "http://gateway.example/changes", fields: { get: () => null } };
 * const method = { kind: "item", item: { kind: "string", value: "@method" }, parameters: new Map() } as const;
 * const input = { kind: "list", items: [method], parameters: new Map() } as const;
 * signatureBase(message, input); // => '"@method": POST\n"@signature-params": ("@method")'
 * ```
 */
export function signatureBase(message: RequestParts | ResponseParts, input: InnerList): string | undefined {
  const identifiers: string[] = [];
  let base = "";
  for (const component of input.items) {
    const identifier = serialiseItem(component);
    const value = componentValue(message, component);
    if (value === undefined || !/^[\t\x20-\x7e]*$/.test(value) || identifiers.includes(identifier)) return undefined;
    identifiers.push(identifier);
    base += `${identifier}: ${value}\n`;
  }
  return `${base}"@signature-params": (${identifiers.join(" ")})${serialiseParameters(input.parameters)}`;
}

function componentValue(message: RequestParts | ResponseParts, component: Item): string | undefined {
  const { item, parameters } = component;
  if (item.kind !== "string") return undefined;
  const ofRequest = parameters.get("req");
  if (ofRequest === undefined) return partValue(message, item.value, parameters);
  if (!isTrue(ofRequest) || !("request" in message) || message.request === undefined) return undefined;
  const others = new Map(parameters);
  others.delete("req");
  return partValue(message.request, item.value, others);
}

function partValue(
  part: RequestParts | ResponseParts,
  name: string,
  parameters: ReadonlyMap<string, BareItem>,
): string | undefined {
  if (name === "@query-param") return "method" in part ? queryParameter(part, parameters) : undefined;
  if (!name.startsWith("@")) return /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) ? field(part, name, parameters) : undefined;
  if (parameters.size > 0) return undefined;
  if ("method" in part) return requestComponent(part, name);
  return name === "@status" ? String(part.status) : undefined;
}

/** A field as it is, or the member of a dictionary. `sf`, `bs` and `tr`: none of our messages needs them. */
function field(
  part: RequestParts | ResponseParts,
  name: string,
  parameters: ReadonlyMap<string, BareItem>,
): string | undefined {
  const value = fieldValue(part, name);
  if (value === undefined || parameters.size === 0) return value;
  const key = parameters.get("key");
  return parameters.size === 1 && key?.kind === "string" ? memberValue(value, key.value) : undefined;
}

/** RFC 9421 section 2.1.2: one member of a dictionary, serialised again. */
function memberValue(value: string, key: string): string | undefined {
  const member = parseDictionary(value, MAX_DICTIONARY_LENGTH)?.get(key);
  return member && serialiseMember(member);
}

/** RFC 9421 section 2.1: without the white space around it. Obsolete line folding is refused with the other line ends. */
function fieldValue(part: RequestParts | ResponseParts, name: string): string | undefined {
  return part.fields.get(name)?.trim();
}

/** RFC 9421 section 2.2. */
function requestComponent(request: RequestParts, name: string): string | undefined {
  switch (name) {
    case "@method":
      return request.method;
    case "@path":
      return pathAndQuery(request.url).path;
    case "@query":
      return pathAndQuery(request.url).query;
    case "@target-uri":
      return request.url;
    case "@authority":
      return new URL(request.url).host;
    case "@scheme":
      return new URL(request.url).protocol.slice(0, -1);
    case "@request-target": {
      const { path, query } = pathAndQuery(request.url);
      return query === "?" ? path : path + query;
    }
    default:
      return undefined;
  }
}

/** RFC 9421 section 2.2.8: the one parameter of that name, encoded again. */
function queryParameter(request: RequestParts, parameters: ReadonlyMap<string, BareItem>): string | undefined {
  const name = parameters.get("name");
  if (parameters.size !== 1 || name?.kind !== "string") return undefined;
  const found: string[] = [];
  for (const [key, value] of new URLSearchParams(pathAndQuery(request.url).query)) {
    if (percentEncode(key) === name.value) found.push(percentEncode(value));
  }
  return found.length === 1 ? found[0] : undefined;
}

/** The WHATWG "percent-encode after encoding" with the application/x-www-form-urlencoded set and spaces as %20. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function isTrue(item: BareItem): boolean {
  return item.kind === "boolean" && item.value;
}
