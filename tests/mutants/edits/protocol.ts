import { mutantsOf } from "../mutant.ts";

const SIGNATURES = ["device_signature", "bound_answer", "device_signature_noise_slow"].map((name) =>
  `tests/protocol/${name}_test.ts`
);

export const PROTOCOL = [
  ...mutantsOf("protocol/device_signature.ts", SIGNATURES, [
    {
      from: "await verifyHmacSha256(key?.hmac ?? await decoy, claim.base, claim.mac)",
      to: "key !== undefined && await verifyHmacSha256(key.hmac, claim.base, claim.mac)",
      breaks: "the time tells which devices exist",
    },
    { from: "key.deviceId !== claim.deviceId || ", to: "", breaks: "one device's key signs for another name" },
    { from: " || key.number !== claim.keyNumber", to: "", breaks: "a key signs under the number of another" },
    {
      from: "!verifyContentDigest(claim.contentDigest, body)",
      to: "false",
      breaks: "a signed request with another body is taken",
    },
    {
      from: 'request.fields.get("x-device-id") !== claimed.deviceId',
      to: "false",
      breaks: "a request names one device and is signed by another",
    },
    {
      from:
        'const digest = request.fields.get("content-digest");\n  if (digest === null || !isContentDigest(digest)) {',
      to: 'const digest = request.fields.get("content-digest");\n  if (digest === null) {',
      breaks: "a request's digest may be of any algorithm",
    },
    {
      from: 'const digest = answer.fields.get("content-digest");\n  if (digest === null || !isContentDigest(digest)) {',
      to: 'const digest = answer.fields.get("content-digest");\n  if (digest === null) {',
      breaks: "an answer's digest may be of any algorithm",
    },
    {
      from: "if (deviceId !== key.deviceId || keyNumber !== key.number) {",
      to: "if (false) {",
      breaks: "an answer that names another key is taken",
    },
    {
      from: "const isWhole = verifyContentDigest(digest, answer.body);",
      to: "const isWhole = true;",
      breaks: "a signed answer with another body is taken",
    },
  ]),
  ...mutantsOf("protocol/device_signature.ts", SIGNATURES, [
    {
      from: "const answer = request.nonce === undefined ? RESPONSE : BOUND_RESPONSE;",
      to: "const answer = RESPONSE;",
      breaks: "the answer to another request of that number is taken",
    },
    {
      from: ', component("signature", { req: true, key: LABEL })],',
      to: "],",
      breaks: "an answer is bound to the number of its request only",
    },
  ]),
  ...mutantsOf("protocol/canonical_signature.ts", SIGNATURES, [
    { from: "!isContentDigest(digest) || ", to: "", breaks: "a digest in another form is covered" },
    { from: "!PLAIN.test(method) || ", to: "", breaks: "a method with other characters is covered" },
    { from: "!PLAIN.test(path) || ", to: "", breaks: "a path with other characters is covered" },
    { from: " || !PLAIN.test(query)", to: "", breaks: "a query with other characters is covered" },
    {
      from: ' || deviceId.data !== fields.get("x-device-id")',
      to: "",
      breaks: "a request names one device and is signed by another",
    },
  ]),
  ...mutantsOf("protocol/sequence_number.ts", SIGNATURES, [
    { from: "/^[1-9][0-9]{0,15}$/", to: "/^[0-9]{1,16}$/", breaks: "a number may begin with zeros" },
    {
      from: "sequence <= HIGHEST_SEQUENCE ? sequence",
      to: "sequence <= 2 ** 53 ? sequence",
      breaks: "a number is taken above which there is no room",
    },
  ]),
  ...mutantsOf("protocol/signature_fields.ts", SIGNATURES, [
    { from: "[AEIMQUYcgkosw048]=):$/", to: "[A-Za-z0-9+/]=):$/", breaks: "one signature can be written in four ways" },
    {
      from: "  if (input.items.length !== wanted.length) return false;\n",
      to: "",
      breaks: "a signature may cover more than is known",
    },
    {
      from: "  if (parameters.size !== 4 + Object.keys(nonce).length) return undefined;\n",
      to: "",
      breaks: "a parameter that nobody knows is ignored",
    },
    { from: " || created.value < 0", to: "", breaks: "a signature is made before 1970" },
    { from: 'text(parameters, "alg") !== ALGORITHM || ', to: "", breaks: "the message decides its algorithm" },
    {
      from: ' || text(parameters, "tag") !== wanted.tag',
      to: "",
      breaks: "a signature for one purpose serves another",
    },
    { from: "inputs.size === 1 && ", to: "", breaks: "a second signature is ignored" },
    {
      from: " &&\n    serialiseParameters(a.parameters) === serialiseParameters(b.parameters)",
      to: "",
      breaks: "an answer covers a field of its own in place of the request's",
    },
    {
      from: "const MAX_REQUEST_LENGTH = 512",
      to: "const MAX_REQUEST_LENGTH = 65_536",
      breaks: "a signature's input may be long",
    },
    {
      from: "  if (nonce.nonce !== undefined && !NONCE.test(nonce.nonce)) return undefined;\n",
      to: "",
      breaks: "any text is a nonce",
    },
    {
      from: "return member.item.value.length === 32 ? member.item.value : undefined;",
      to: "return member.item.value;",
      breaks: "an answer's signature may be of any length",
    },
  ]),
  ...mutantsOf("protocol/command/life.ts", ["tests/protocol/command", "tests/gateway/command/queue_test.ts"], [
    {
      from: "life.reported || life.handOuts === 0",
      to: "life.handOuts === 0",
      breaks: "a second report changes what is over",
    },
    {
      from: "life.reported || life.handOuts === 0",
      to: "life.reported",
      breaks: "a command that nobody got is reported done",
    },
    {
      from: 'if (life.state === "executing" && event.at < life.leaseUntil) {',
      to: "if (false) {",
      breaks: "a command at work is cancelled",
    },
    { from: "isLeased(life, at, leaseMs) && !lost", to: "false", breaks: "a command at work is handed out again" },
    {
      from: "if (hasExpired(at, terms)) return success",
      to: "if (false) return success",
      breaks: "a command is handed out after it expired",
    },
    { from: "at >= expiresAt", to: "at > expiresAt", breaks: "a command is handed out at the moment it expires" },
    {
      from: "at < (terms.notBefore ?? 0)",
      to: "at <= (terms.notBefore ?? 0)",
      breaks: "a command is due a moment late",
    },
    {
      from: "life.handOuts >= (terms.maxHandOuts ?? Infinity)",
      to: "life.handOuts > (terms.maxHandOuts ?? Infinity)",
      breaks: "a board writes once more than it may",
    },
    { from: " && life.leaseUntil - at <= leaseMs", to: "", breaks: "a clock that was set back keeps a command away" },
    {
      from: 'life.state === "pending" || at >= life.leaseUntil',
      to: "true",
      breaks: "a command at work expires before its report",
    },
  ]),
  ...mutantsOf("protocol/command/budget.ts", ["tests/protocol/command", "tests/gateway/command/queue_test.ts"], [
    { from: "count > limit", to: "count >= limit", breaks: "a register takes one write less a day" },
    { from: "wanted.set(address, count);", to: "", breaks: "two writes of one register in a command count once" },
  ]),
  ...mutantsOf("protocol/command/check.ts", ["tests/protocol/command/check_test.ts"], [
    { from: 'register.access !== "read-write"', to: "false", breaks: "a register that is only to be read is written" },
    {
      from: "options.board && register.name !== profile.powerLimit",
      to: "false",
      breaks: "a board is told to write any register",
    },
    { from: "raw < min || raw > max", to: "raw < min", breaks: "a value beyond the register's words is written" },
    { from: "raw === register.absent", to: "false", breaks: '"not implemented" is written as a value' },
    { from: "value >= plausible.min && ", to: "", breaks: "a value below what is plausible is written" },
    {
      from: "else if (value < 0) refusals.push",
      to: "else if (value < -1e9) refusals.push",
      breaks: "a negative power is asked for",
    },
  ]),
  ...mutantsOf(
    "protocol/block/block.ts",
    ["tests/protocol/block/block_test.ts", "tests/protocol/block/bounds_test.ts"],
    [
      { from: "head >= MAX_COLUMNS", to: "head > MAX_COLUMNS", breaks: "a block may have a column too many" },
      {
        from: "expected !== undefined && count !== expected",
        to: "false",
        breaks: "a block may hold other samples than announced",
      },
      {
        from: "expected !== undefined && expected.columns !== columns",
        to: "false",
        breaks: "a block may hold other columns than announced",
      },
      {
        from: "count > MAX_SAMPLES) return refusal",
        to: "count > 100 * MAX_SAMPLES) return refusal",
        breaks: "a block may hold any number of samples",
      },
      { from: "at < 0 || at >= 2 ** TIME_BITS", to: "false", breaks: "a sample may have any time" },
      { from: "return end.ok ? walked : end;", to: "return walked;", breaks: "bytes behind a block are ignored" },
      {
        from: "if (last !== undefined && same(row, last)) return refusal",
        to: "if (false) return refusal",
        breaks: "one block can be written in two ways",
      },
      {
        from: "value < LOWEST || value > HIGHEST",
        to: "value > HIGHEST",
        breaks: "a value may lie below all registers",
      },
    ],
  ),
];
