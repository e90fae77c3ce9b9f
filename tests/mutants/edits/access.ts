import { mutantsOf } from "../mutant.ts";

const ROUTES = [
  "tests/gateway/auth/session_test.ts",
  "tests/gateway/dashboard/session_test.ts",
  "tests/gateway/api/routes_test.ts",
];
const AUTH = [
  ...["authenticator", "replay_attack", "request_order", "revoked_key", "strangers"].map((name) =>
    `tests/gateway/auth/${name}_test.ts`
  ),
  "tests/gateway/hostile_test.ts",
];

export const ACCESS = [
  ...mutantsOf("gateway/auth/session.ts", ROUTES, [
    { from: "role: lesser(token.role, role)", to: "role", breaks: "a session has more rights than its token" },
    {
      from: "token && { ...token, role: lesser(token.role, role) }",
      to: "token",
      breaks: "a session has more rights than its link",
    },
    {
      from: "includesRole(one, other) ? other : one",
      to: "includesRole(one, other) ? one : other",
      breaks: "the greater of two roles counts",
    },
    {
      from: "Math.min(record.expiresAt, token.expiresAt ?? Infinity)",
      to: "record.expiresAt",
      breaks: "a session outlives its token",
    },
    {
      from: "  requireSameOrigin(headers);\n  const given",
      to: "  const given",
      breaks: "another site's change is taken with the right header",
    },
    {
      from: "if (!equalInConstantTime(utf8(given), utf8(csrfToken(secret)))) {",
      to: "if (false) {",
      breaks: "a change needs no header",
    },
    {
      from: '!isOwn || site !== null && site !== "same-origin"',
      to: "!isOwn",
      breaks: "a browser that says cross-site is believed its origin",
    },
    { from: "HttpOnly; ", to: "", breaks: "scripts read the session" },
    { from: "SameSite=Strict", to: "SameSite=Lax", breaks: "other sites' links come with the session" },
    { from: "session.secret}; Secure`", to: "session.secret}`", breaks: "the session goes over plain HTTP" },
    {
      from: "if (isSessionUseNews(record, now)) commit.run(() => sessions.touch(secret, now)).catch(() => {});",
      to: "",
      breaks: "a session in use ends as an idle one",
    },
  ]),
  ...mutantsOf("gateway/api/session.ts", ROUTES, [
    { from: "role: lesser(role, token.role) };", to: "role };", breaks: "a viewer makes a link for an admin" },
    { from: "  attempts.failed(address);\n", to: "", breaks: "secrets can be tried without a bound" },
    {
      from: "  await commit.run(() => io.securityLog.append(entry));\n",
      to: "",
      breaks: "a failed login leaves no trace",
    },
    { from: "      requireOwnPage(headers, session.secret);\n", to: "", breaks: "another site logs the operator out" },
    {
      from: "  if (!isProgram(c.req.raw.headers)) requireSameOrigin(c.req.raw.headers);\n",
      to: "",
      breaks: "another site logs a browser in as somebody else",
    },
  ]),
  ...mutantsOf("gateway/auth/login_attempts.ts", ROUTES, [
    { from: "window.count < TRIES", to: "window.count <= TRIES", breaks: "an address has eleven tries" },
    {
      from: "clock.now() - window.since < WINDOW_MS",
      to: "clock.now() - window.since <= WINDOW_MS",
      breaks: "an address waits a moment longer than it was told",
    },
  ]),
  ...mutantsOf("gateway/api/access.ts", ROUTES, [
    {
      from: "    if (!READING.includes(method)) requireOwnPage(headers, session.secret);\n".slice(2),
      to: "",
      breaks: "another site changes something with the cookie",
    },
    { from: "!includesRole(token.role, role)", to: "false", breaks: "every token may do everything" },
    {
      from: '      c.res.headers.set("cache-control", "no-store");\n',
      to: "",
      breaks: "a proxy keeps answers for others",
    },
    {
      from: '      if (c.req.method !== "GET") noteChange(io.log, c, token);\n',
      to: "",
      breaks: "nobody knows who changed what",
    },
  ]),
  ...mutantsOf("gateway/auth/authenticator.ts", AUTH, [
    {
      from: "    await verifyLegacySignature(proof.value, request.body, await decoy);\n",
      to: "",
      breaks: "the time tells which boards exist",
    },
    { from: 'found.device.auth !== "signed"', to: "false", breaks: "a board's key signs in the other scheme" },
    { from: "device && !other", to: "device", breaks: "of two boards at an address the first is believed" },
    {
      from: ".filter((device) => boards.some(({ row }) => row === device.row))",
      to: "",
      breaks: "a board is believed under any name",
    },
    {
      from: ' || headers.has("signature") || headers.has("x-device-id")',
      to: "",
      breaks: "a request without half of its signature counts as a board's",
    },
    {
      from: "return some[fits.indexOf(true)];",
      to: "return some[Math.max(0, fits.indexOf(true))];",
      breaks: "a board's upload needs no key",
    },
  ]),
  ...mutantsOf("gateway/auth/key_ring.ts", AUTH, [
    {
      from: "readAt === devices.version() || devices.keys.isActive(device, key.number)",
      to: "true",
      breaks: "a key that was revoked meanwhile is taken",
    },
    {
      from: "if (current === version && ",
      to: "if (version >= 0 && ",
      breaks: "a revoked key is taken until the next start",
    },
    {
      from: "if (keys.length > 0 && readAt === version) kept.set",
      to: "if (readAt === version) kept.set",
      breaks: "strangers' names fill the memory",
    },
  ]),
  ...mutantsOf("gateway/auth/request_order.ts", AUTH, [
    { from: "before.then(() => turn)", to: "turn", breaks: "a sender's requests pass each other" },
  ]),
  ...mutantsOf("gateway/auth/replay_check.ts", AUTH, [
    {
      from: "Math.abs(offBySeconds) <= CLOCK_TOLERANCE_S",
      to: "true",
      breaks: "the log does not tell of a wrong clock",
    },
    {
      from: 'io.log.append({ ...validation, sequence, reason: "replay" });',
      to: "",
      breaks: "a replay leaves no trace",
    },
  ]),
  ...mutantsOf("gateway/http/device_edge.ts", AUTH, [
    {
      from: 'if (identity.kind !== "address" && !io.ring.isActive(identity.key)) return "revoked";',
      to: "",
      breaks: "a key that was revoked meanwhile has an effect",
    },
    {
      from: "if (claim.used) return { reply: ready(io, identity, replayAnswer(claim.nextSequence)) };",
      to: "",
      breaks: "a replayed request has its effect again",
    },
  ]),
  ...mutantsOf("gateway/mqtt/access.ts", ["tests/gateway/mqtt/access_test.ts"], [
    { from: "entry && fits ?", to: "entry ?", breaks: "a user needs no password" },
    { from: 'if (role !== "operator") return false;', to: "", breaks: "a viewer publishes" },
    {
      from: 'isLoopback(address) ? { name: "anonymous", role: "viewer" } : undefined',
      to: '{ name: "anonymous", role: "viewer" }',
      breaks: "without users everybody in the network reads",
    },
  ]),
  ...mutantsOf("gateway/mqtt/client_link.ts", ["tests/gateway/mqtt/client_link_slow_test.ts"], [
    {
      from: "  clean: true,\n",
      to: "  clean: false,\n",
      breaks: "an older session's messages come when the gateway starts",
    },
    {
      from: "retain: rules.keepsWill() }",
      to: "retain: false }",
      breaks: "who comes later does not hear that the gateway is away",
    },
    {
      from: 'payload: "offline", qos: 1,',
      to: 'payload: "offline", qos: 0,',
      breaks: "a gateway's end may get lost between two brokers",
    },
    { from: "keepalive: KEEPALIVE_S,", to: "keepalive: 0,", breaks: "a dead gateway counts as online for ever" },
  ]),
];
