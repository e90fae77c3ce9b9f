import { readCertificates } from "../../../platform/certificates.ts";
import type { ConfigFile } from "../config/config_file.ts";
import { type Check, fail, type Finding, pass, reasonOf } from "./finding.ts";

/** A secret that stands in the file itself, not in `${NAME}` or another file. */
const INLINE_SECRET = /^\s*-?\s*(key|password|api_key)\s*:\s*["']?[^\s"'$#]/m;

/** The file is there, it is right, and what is secret in it is read by nobody else. */
export const config: Check = async ({ configPath, file, configFault }) => {
  if (file === undefined) {
    if (configFault?.includes("this user may not") ?? false) {
      return [fail("config", configFault ?? "", "sudo ecowatt doctor")];
    }
    const missing = configFault?.includes("there is no such file") ?? false;
    const mend = missing ? `ecowatt init --config ${configPath}` : `ecowatt check --config ${configPath}`;
    return [fail("config", configFault ?? "it cannot be read", mend)];
  }
  const roles = (["gateway", "node"] as const).filter((role) => file[role] !== undefined);
  return [
    await modeOf(configPath) ?? await authorityOf(file) ??
      pass("config", `${configPath} is right: ${roles.join(" and ")}`),
  ];
};

async function authorityOf({ node }: ConfigFile): Promise<Finding | undefined> {
  if (node?.ca_file === undefined) return undefined;
  try {
    await readCertificates(node.ca_file);
    return undefined;
  } catch (error) {
    return fail("config", reasonOf(error), "correct `node.ca_file:`");
  }
}

async function modeOf(path: string): Promise<Finding | undefined> {
  const { mode } = await Deno.stat(path);
  if (((mode ?? 0) & 0o007) === 0 || !INLINE_SECRET.test(await Deno.readTextFile(path))) return undefined;
  return fail("config", `${path} holds a secret and everybody on this machine can read it`, `chmod o-rwx ${path}`);
}
