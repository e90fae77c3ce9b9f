/** A field of a request and what is wrong with it, as the gateway says. */
interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

/** A refusal of the gateway (RFC 9457), or no answer at all (status 0). `message` is for people. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly fields: readonly FieldProblem[];

  constructor(status: number, message: string, fields: readonly FieldProblem[] = []) {
    super(message);
    this.name = "ApiProblem";
    this.status = status;
    this.fields = fields;
  }
}

interface SendOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is. */
  readonly file?: Blob;
  readonly signal?: AbortSignal;
}

/** The gateway's API. Every method throws `ApiProblem`. */
export interface Api {
  get<T>(path: string, signal?: AbortSignal): Promise<T>;
  /** POST, PUT, PATCH and DELETE; gives `undefined` for an empty answer. */
  send<T>(method: string, path: string, options?: SendOptions): Promise<T>;
}

interface ApiOptions {
  /** What `GET /session` gave, for requests that change something. */
  readonly csrf: string | undefined;
  /** Called when the session is over. */
  readonly onEnded: () => void;
}

export function createApi({ csrf, onEnded }: ApiOptions): Api {
  const call = async (path: string, init: RequestInit): Promise<Response> => {
    const response = await reach(path, init);
    if (response.ok) return response;
    if (response.status === 401) onEnded();
    throw await problemOf(response);
  };
  return {
    get: async (path, signal) => (await call(path, signal === undefined ? {} : { signal })).json(),
    async send(method, path, { body, file, signal } = {}) {
      const headers = new Headers();
      if (csrf !== undefined) headers.set("x-ecowatt-csrf", csrf);
      if (body !== undefined) headers.set("content-type", "application/json");
      const content = file ?? (body === undefined ? null : JSON.stringify(body));
      const response = await call(path, { method, headers, body: content, signal: signal ?? null });
      const text = await response.text();
      return text === "" ? undefined : JSON.parse(text);
    },
  };
}

/** Asks the gateway; what is wrong when there is no answer is said for people. Throws `ApiProblem`. */
export async function reach(path: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(path, { ...init, credentials: "same-origin", redirect: "error" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiProblem(0, "The gateway does not answer. Is it running, and is this device in its network?");
  }
}

/** The refusal that a response tells. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const text = await response.text();
  try {
    const { detail, errors } = JSON.parse(text);
    if (typeof detail === "string") return new ApiProblem(response.status, detail, Array.isArray(errors) ? errors : []);
  } catch {
    // Not of the gateway, but of something in between.
  }
  return new ApiProblem(response.status, `The gateway answered ${response.status} ${response.statusText}`);
}

/** What to tell people about anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `POST /session`, with a link's code or a token. */
export function login(body: { readonly code: string } | { readonly token: string }): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return reach("/session", { method: "POST", headers, body: JSON.stringify(body) });
}
