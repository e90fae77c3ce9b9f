import { z } from "zod";
import { fetchTrouble } from "../../platform/fetch_trouble.ts";
import { CliFailure, EXIT } from "../terminal/exit.ts";

/** Answers a request as the gateway does: over the network, or inside this process. */
type Transport = (request: Request) => Promise<Response>;

/** The operator API of one gateway. */
export interface ApiClient {
  /** Asks and checks the answer; a refusal is a `CliFailure` with the gateway's own words. */
  call<S extends z.ZodType>(method: string, path: string, answer: S, body?: unknown): Promise<z.infer<S>>;
  /** Posts bytes as they come, in constant memory. */
  upload<S extends z.ZodType>(
    path: string,
    answer: S,
    body: ReadableStream<Uint8Array>,
    headers: Readonly<Record<string, string>>,
  ): Promise<z.infer<S>>;
}

const Problem = z.object({
  detail: z.string().optional(),
  title: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** A client for the gateway at `base`. */
export function createApiClient(base: string, token: string | undefined, send: Transport): ApiClient {
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const ask = async <S extends z.ZodType>(request: Request, answer: S): Promise<z.infer<S>> => {
    const response = await sent(request, base, send);
    const text = await response.text();
    if (!response.ok) throw refused(response.status, text);
    const parsed = answer.safeParse(text === "" ? undefined : json(text));
    if (!parsed.success) throw new CliFailure(EXIT.failed, `${base} does not answer like an EcoWatt gateway`);
    return parsed.data;
  };
  return {
    call(method, path, answer, body) {
      const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
      const request = new Request(new URL(path, base), {
        method,
        headers: { ...authorization, ...type },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return ask(request, answer);
    },
    upload(path, answer, body, headers) {
      const type = { "content-type": "application/octet-stream" };
      const request = new Request(new URL(path, base), {
        method: "POST",
        headers: { ...authorization, ...type, ...headers },
        body,
      });
      return ask(request, answer);
    },
  };
}

async function sent(request: Request, base: string, send: Transport): Promise<Response> {
  try {
    return await send(request);
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    throw new CliFailure(EXIT.unreachable, `Cannot reach the gateway at ${base}: ${fetchTrouble(error)}`, {
      cause: error,
    });
  }
}

function refused(status: number, text: string): CliFailure {
  const problem = Problem.safeParse(json(text));
  const words = problem.success ? problem.data.detail ?? problem.data.title : undefined;
  return new CliFailure(EXIT.failed, words ?? `the gateway answers with status ${status}`);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: the caller says what it is then
  }
}
