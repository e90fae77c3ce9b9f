import { mutantsOf } from "../mutant.ts";

const UPLINK = ["tests/device/uplink"];

export const UPLINKS = [
  ...mutantsOf("device/uplink/gateway_client.ts", UPLINK, [
    { from: "random.bytes(NONCE_BYTES)", to: "new Uint8Array(NONCE_BYTES)", breaks: "two requests have one nonce" },
    {
      from: 'if (exchange.kind === "answer") bound.saw();',
      to: "",
      breaks: "a gateway that binds its answers can be played an older one",
    },
    {
      from: "if (bound.seen() || exchange.kind",
      to: "if (exchange.kind",
      breaks: "a stranger's 401 makes a node take older answers",
    },
    { from: "    this.#leap();\n", to: "", breaks: "an older gateway's captured answer is taken after a restore" },
  ]),
  ...mutantsOf("device/uplink/gateway_client.ts", UPLINK, [
    { from: 'redirect: "manual"', to: 'redirect: "follow"', breaks: "whoever redirects gets a signed request" },
    {
      from: "    if (length > MAX_ANSWER_BYTES) return undefined; // leaving the loop cancels the body\n",
      to: "",
      breaks: "an answer fills the memory",
    },
    {
      from: "if (!verified.ok) return",
      to: "if (false) return",
      breaks: "anybody's answer is taken for the gateway's",
    },
    { from: " || exchange.status === 200", to: "", breaks: "a 200 with a number makes the node send again" },
    {
      from: "    this.#limit.moveTo(Math.min(this.#silentAt, this.#slowAt));\n",
      to: "",
      breaks: "a long answer over a slow line never comes through",
    },
    {
      from: "Math.min(this.#silentAt, this.#slowAt)",
      to: "this.#silentAt",
      breaks: "an answer that drips holds the node for ever",
    },
  ]),
  ...mutantsOf("device/uplink/reply.ts", UPLINK, [
    {
      from: 'return later(exchange.message);\n    case "answer":',
      to: 'return { kind: "unsupported", reason: exchange.message };\n    case "answer":',
      breaks: "a stranger's 404 counts as the gateway's",
    },
    {
      from: "Math.min(waitMs, LONGEST_WAIT_MS)",
      to: "waitMs",
      breaks: "the gateway silences a node for a year",
    },
  ]),
  ...mutantsOf("device/uplink/verdict.ts", UPLINK, [
    {
      from: "reason: exchange.message, proven: false",
      to: "reason: exchange.message, proven: true",
      breaks: "a stranger has samples set aside",
    },
    {
      from: "if (answer.device_id !== device) return later",
      to: "if (false) return later",
      breaks: "another device's answer acknowledges samples",
    },
    {
      from: "sent.filter((id) => named.has(id))",
      to: "sent",
      breaks: "blocks are removed that the gateway did not name",
    },
  ]),
  ...mutantsOf("device/uplink/uplink.ts", UPLINK, [
    {
      from: "    if (!proven) return this.#failed(reason);\n",
      to: "",
      breaks: "a stranger has samples set aside in the end",
    },
    { from: "this.#strikes.count < MAX_STRIKES", to: "false", breaks: "one refusal sets a block aside" },
  ]),
];
