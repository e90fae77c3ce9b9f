import { type Command, Option } from "commander";
import { AddedToken, Nothing, TokenList } from "../client/api_schemas.ts";
import { number } from "../terminal/arguments.ts";
import { type GatewayFlags, gatewayFlags, withGateway } from "../client/gateway_access.ts";
import { table, type Terminal } from "../terminal/output.ts";
import { ago } from "../terminal/time.ts";

interface CreateFlags extends GatewayFlags {
  readonly role: string;
  readonly days?: number;
}

const PATH = "/api/v1/tokens";
const DAY_MS = 86_400_000;

/** Bearer tokens of operators. */
export function addToken(program: Command, terminal: Terminal): void {
  const token = program.command("token").description("give and take access to the operator API");
  gatewayFlags(token.command("create <name>"))
    .description("make a token and print it, once")
    .addOption(new Option("--role <role>", "what it may do").choices(["viewer", "operator", "admin"]).default("viewer"))
    .option("--days <days>", "days until it expires (default never)", number)
    .action((name: string, flags: CreateFlags) => create(name, flags, terminal));
  gatewayFlags(token.command("list")).description("list the tokens, without their secrets")
    .action((flags: GatewayFlags) => list(flags, terminal));
  gatewayFlags(token.command("revoke <id>")).description("make a token worthless at once")
    .action(async (id: string, flags: GatewayFlags) => {
      await withGateway(flags, (api) => api.call("DELETE", `${PATH}/${encodeURIComponent(id)}`, Nothing));
      terminal.out(flags.json ? JSON.stringify({ revoked: id }) : `Token ${id} is revoked`);
    });
}

async function create(name: string, flags: CreateFlags, terminal: Terminal): Promise<void> {
  const expiry = flags.days === undefined ? {} : { expires_at_ms: Math.round(Date.now() + flags.days * DAY_MS) };
  const made = await withGateway(
    flags,
    (api) => api.call("POST", PATH, AddedToken, { name, role: flags.role, ...expiry }),
  );
  terminal.out(flags.json ? JSON.stringify(made) : made.token);
}

async function list(flags: GatewayFlags, terminal: Terminal): Promise<void> {
  const { tokens } = await withGateway(flags, (api) => api.call("GET", PATH, TokenList));
  if (flags.json) return terminal.out(JSON.stringify(tokens));
  if (tokens.length === 0) return terminal.out("No token has been made yet: ecowatt token create NAME");
  terminal.out(table(
    ["ID", "NAME", "ROLE", "LAST USED", "STATE"],
    tokens.map((token) => [
      token.id,
      token.name,
      token.role,
      ago(token.last_used_ms),
      token.revoked_at_ms !== null ? "revoked" : expiryOf(token.expires_at_ms),
    ]),
  ));
}

function expiryOf(at: number | null): string {
  if (at === null) return "valid";
  return at <= Date.now() ? "expired" : `valid until ${new Date(at).toISOString().slice(0, 10)}`;
}
