import type { z } from "zod";
import { LocalAnswer, type LocalQuestion, localServicePath, readLine, writeLine } from "./wire.ts";

/**
 * Asks the node that runs on `dataDir`; `undefined` when none does, or it has no socket. Throws what the node says when it
 * cannot, and when this user may not ask.
 */
export async function askNode<S extends z.ZodType>(
  dataDir: string,
  question: LocalQuestion,
  schema: S,
): Promise<z.infer<S> | undefined> {
  const connection = await connected(localServicePath(dataDir));
  if (connection === undefined) return undefined;
  using open = connection;
  await writeLine(open, question);
  const answer = LocalAnswer.safeParse(parsed(await readLine(open) ?? ""));
  if (!answer.success) throw new Error("The node hung up before it answered");
  if (!answer.data.ok) throw new Error(answer.data.message);
  return schema.parse(answer.data.value);
}

async function connected(path: string): Promise<Deno.UnixConn | undefined> {
  try {
    return await Deno.connect({ transport: "unix", path });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.ConnectionRefused) return undefined;
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new Error("A node runs here, but this user may not ask it: try as its user, or with sudo", {
        cause: error,
      });
    }
    return undefined; // a path that no socket can have
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
