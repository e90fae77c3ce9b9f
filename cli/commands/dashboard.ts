import { type Command, Option } from "commander";
import { z } from "zod";
import { publishedAddress } from "../../gateway/data_dir/address_file.ts";
import { gatewayDir, processDataDir } from "../data_dir.ts";
import { gatewayAddress, type GatewayFlags, gatewayFlags, withGateway } from "../client/gateway_access.ts";
import type { Terminal } from "../terminal/output.ts";

const Link = z.object({ path: z.string(), expires_at_ms: z.number() });
const Closed = z.object({ closed: z.number() });

const DEFAULT_ADDRESS = "http://127.0.0.1:8080";

interface Flags extends GatewayFlags {
  readonly role?: string;
  readonly logoutAll?: boolean;
}

/** The link that logs a browser in. */
export function addDashboard(program: Command, terminal: Terminal): void {
  const command = program.command("dashboard")
    .description("print a link that logs a browser in to the dashboard, once, within 10 minutes")
    .addOption(
      new Option("--role <role>", "what it may do: viewer, operator or admin").choices(["viewer", "operator", "admin"]),
    )
    .option("--logout-all", "log every browser out instead, and void all links");
  gatewayFlags(command).action((flags: Flags) => flags.logoutAll ? logoutAll(flags, terminal) : link(flags, terminal));
}

async function link(flags: Flags, terminal: Terminal): Promise<void> {
  const wish = flags.role === undefined ? {} : { role: flags.role };
  const made = await withGateway(
    { ...flags, existing: true },
    (api) => api.call("POST", "/api/v1/login-links", Link, wish),
  );
  const running = gatewayAddress(flags) ?? publishedAddress(gatewayDir(processDataDir(flags.dataDir)));
  const url = `${running ?? DEFAULT_ADDRESS}${made.path}`;
  if (flags.json) {
    return terminal.out(JSON.stringify({ url, expires_at_ms: made.expires_at_ms, running: running !== undefined }));
  }
  terminal.out(url);
  if (running === undefined) {
    terminal.err("No gateway runs on this data directory now. Start one with: ecowatt gateway");
  }
}

async function logoutAll(flags: Flags, terminal: Terminal): Promise<void> {
  const { closed } = await withGateway(flags, (api) => api.call("DELETE", "/api/v1/sessions", Closed));
  terminal.out(
    flags.json ? JSON.stringify({ closed }) : `${closed} ${closed === 1 ? "browser is" : "browsers are"} logged out`,
  );
}
