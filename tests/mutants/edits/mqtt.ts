import { mutantsOf } from "../mutant.ts";

const MQTT = "tests/gateway/mqtt";
const ACCESS = [`${MQTT}/access_test.ts`];
const BROKER = [`${MQTT}/broker_slow_test.ts`];
const PACE = [`${MQTT}/client_pace_test.ts`];
const CLIENT = [`${MQTT}/client_link_slow_test.ts`];
const RULES = [`${MQTT}/broker_rules_test.ts`];
const DENIED = [`${MQTT}/denied_topics_test.ts`];
const OUTBOUND = [`${MQTT}/outbound_test.ts`];
const SETTINGS = [`${MQTT}/settings_inbox_test.ts`];

export const MQTT_EDITS = [
  ...mutantsOf("gateway/mqtt/access.ts", ACCESS, [
    {
      from: 'return isLoopback(address) ? { name: "anonymous", role: "viewer" } : undefined;',
      to: 'return { name: "anonymous", role: "viewer" };',
      breaks: "without users the whole network reads",
    },
    {
      from: '{ name: "anonymous", role: "viewer" }',
      to: '{ name: "anonymous", role: "operator" }',
      breaks: "who has no name sets things",
    },
    { from: "entry && fits ?", to: "entry ?", breaks: "any password is taken" },
    { from: 'if (role !== "operator") return false;', to: "", breaks: "a viewer sets things" },
    {
      from: "return topic === HOME_ASSISTANT || listened.some((filter) => fits(filter, topic));",
      to: "return true;",
      breaks: "a guest says what only the gateway says",
    },
    { from: "topic === HOME_ASSISTANT || ", to: "", breaks: "Home Assistant is thrown out when it starts" },
  ]),
  ...mutantsOf("gateway/mqtt/broker_guard.ts", BROKER, [
    { from: "packet.clean = true;", to: "", breaks: "messages for an absent client fill the memory" },
    { from: "packet.retain = false;", to: "", breaks: "a wish comes back with every connection" },
    {
      from: "client.id.length > MAX_CLIENT_ID",
      to: "false",
      breaks: "names of any length are kept",
    },
    {
      from: "if (!(piece instanceof Uint8Array) || fits(piece)) return piece;",
      to: "return piece;",
      breaks: "a client is as fast, and its packets as long, as it likes",
    },
    {
      from: "    for (const filter of filters) paces.get(client)?.unsubscribe(filter);\n",
      to: "",
      breaks: "who subscribes anew runs out of subscriptions",
    },
  ]),
  ...mutantsOf("gateway/mqtt/broker.ts", BROKER, [
    {
      from: "  for (const socket of list.all) socket.destroy();\n",
      to: "",
      breaks: "a client that stays keeps the gateway from stopping",
    },
    {
      from: "queue.run(() => deliver(message))",
      to: "deliver(message)",
      breaks: "a message behind a retained one reaches nobody",
    },
    {
      from: "if (client === null || !events",
      to: "if (!events",
      breaks: "the gateway takes its own messages for wishes",
    },
  ]),
  ...mutantsOf("gateway/mqtt/client_pace.ts", PACE, [
    {
      from: "if (now - began < STRETCH_MS) return;",
      to: "return;",
      breaks: "a client is cut after its first hundreds of packets",
    },
    { from: "++others <= MOST_OTHERS", to: "++others > 0", breaks: "a client takes the thread for itself" },
    {
      from: "++answers <= MOST_ANSWERS",
      to: "++others <= MOST_OTHERS",
      breaks: "a client that reads what it asked for is cut",
    },
    {
      from: 'if (++filters > MOST_FILTERS) return "too_often";',
      to: "",
      breaks: "endless subscriptions take the thread",
    },
    {
      from: "!subscribed.has(filter) && subscribed.size >= MOST_SUBSCRIPTIONS",
      to: "subscribed.size >= MOST_SUBSCRIPTIONS",
      breaks: "a filter that is held cannot be renewed",
    },
    {
      from: 'if (filter.length > MOST_FILTER_CHARS) return "refused";',
      to: "",
      breaks: "filters of any length are kept",
    },
  ]),
  ...mutantsOf("gateway/mqtt/packet_walk.ts", [`${MQTT}/packet_walk_test.ts`], [
    { from: "length > limit || ", to: "", breaks: "a packet of 256 MB is gathered" },
    {
      from: " || (lengthBytes === LENGTH_BYTES && byte >= CONTINUES)",
      to: "",
      breaks: "a length that never ends is read",
    },
    { from: "if (!letIn(byte >> TYPE_SHIFT)) return false;", to: "", breaks: "nobody counts the packets" },
    {
      from: "0x80 ** lengthBytes++",
      to: "0x100 ** lengthBytes++",
      breaks: "packets of two bytes of length are cut at the wrong place",
    },
  ]),
  ...mutantsOf("gateway/mqtt/client_link.ts", CLIENT, [
    {
      from: "  clean: true,\n",
      to: "  clean: false,\n",
      breaks: "the broker keeps what was acknowledged nowhere, twice",
    },
    {
      from: "{ qos: 1, retain }, (error)",
      to: "{ qos: 0, retain }, (error)",
      breaks: "what a broker never got counts as delivered",
    },
    { from: "retain: rules.keepsWill()", to: "retain: false", breaks: "who comes later sees a dead gateway as online" },
    {
      from: 'if (opened.fault === "closed") rules.closed();',
      to: "",
      breaks: "a broker that takes no retained will is never reached",
    },
    {
      from: '      for (const reject of lost) reject(new Error("The connection to the broker ended"));\n',
      to: "",
      breaks: "what was under way when the line broke is never sent again",
    },
    {
      from: "failures = isSteady ? 0 : failures + 1;",
      to: "failures = 0;",
      breaks: "a broker that throws us out is asked each half second",
    },
    {
      from: "    client.end(lost.size > 0);\n",
      to: "    client.end(true);\n",
      breaks: "a stop leaves without goodbye, so the broker says offline twice",
    },
    {
      from: "if (!isClosed) client.stream.destroy();",
      to: "",
      breaks: "a broker that does not answer keeps the gateway from stopping",
    },
  ]),
  ...mutantsOf("gateway/mqtt/broker_rules.ts", RULES, [
    {
      from: "if (strike >= STRIKES) continue;",
      to: "",
      breaks: "a broker that cuts for a topic is asked for it for ever",
    },
    { from: "        strikes.delete(topic);\n", to: "", breaks: "two cuts in a year end the settings over MQTT" },
    { from: "      closedInARow = 0;\n", to: "", breaks: "old cuts count against a broker" },
    {
      from: "if (news.length === 0) return;",
      to: "if (told.size > 0) return;",
      breaks: "only the first refused topic is told",
    },
  ]),
  ...mutantsOf("gateway/mqtt/denied_topics.ts", DENIED, [
    { from: "const STRIKES = 2;", to: "const STRIKES = 1;", breaks: "one cut by chance denies a topic" },
    {
      from: "if (this.#io.clock.monotonic() - since < RETRY_MS) return;",
      to: "return;",
      breaks: "a topic that is allowed again is never published",
    },
    { from: "    this.#taken.add(levelOf(topic));\n", to: "", breaks: "two denied topics take all others with them" },
    {
      from: "this.#blamed = underWay.length === 1 && suspect !== undefined;",
      to: "this.#blamed = suspect !== undefined;",
      breaks: "an innocent message is denied with a guilty one",
    },
    { from: "else this.#deny(message);", to: "", breaks: "a denied topic cuts the connection for ever" },
    {
      from: "suspect.unretained = true;",
      to: "this.#deny(message);",
      breaks: "a broker that keeps nothing gets nothing",
    },
  ]),
  ...mutantsOf("gateway/mqtt/outbound.ts", OUTBOUND, [
    {
      from: "kept.take() ?? queue.take()",
      to: "queue.take() ?? kept.take()",
      breaks: "states wait behind every old sample",
    },
    {
      from: "      queue.shift();\n      dropped++;\n",
      to: "      queue.pop();\n      dropped++;\n",
      breaks: "the newest sample is dropped, not the oldest",
    },
    {
      from: "other.number > message.number",
      to: "other.number < message.number",
      breaks: "samples come out of order after a cut",
    },
    {
      from: 'if (payload === "" && newest.get(topic)?.number === number) newest.delete(topic);',
      to: 'if (payload === "") newest.delete(topic);',
      breaks: "a state that came after an end is forgotten",
    },
    {
      from: "      for (const topic of newest.keys()) unsent.add(topic);\n",
      to: "",
      breaks: "a broker that restarted has no states",
    },
  ]),
  ...mutantsOf("gateway/mqtt/publisher.ts", CLIENT, [
    { from: "this.#underWay.size < WINDOW", to: "true", breaks: "a broker gets more at once than it takes" },
    {
      from: "      this.#outbound.giveBack(message);\n",
      to: "",
      breaks: "what was under way when the line broke is lost",
    },
    {
      from: "      outbound.repeatRetained();\n      delivery.use(opened);",
      to: "      delivery.use(opened);",
      breaks: "another broker has no states",
    },
  ]),
  ...mutantsOf("gateway/mqtt/settings_inbox.ts", SETTINGS, [
    {
      from: "if (message.retained) return",
      to: "if (false) return",
      breaks: "an old wish that a broker kept is done at every start",
    },
    { from: "if (queue.length >= MAX_WAITING) {", to: "if (false) {", breaks: "a broker's flood fills the memory" },
    { from: "if (payload.length > MAX_BYTES)", to: "if (false)", breaks: "a message of megabytes is read" },
    {
      from: "void queue.run(() => take(message, io));",
      to: "void take(message, io);",
      breaks: "two wishes for one device cross",
    },
    {
      from: 'auth !== "legacy" || !registers',
      to: "!registers",
      breaks: "a list of registers costs a node its timers",
    },
  ]),
  ...mutantsOf("gateway/mqtt/presence.ts", [`${MQTT}/presence_test.ts`], [
    { from: "at > now - offlineAfterMs", to: "true", breaks: "a dead device stays online" },
    { from: "if (before?.online !== online) announce", to: "announce", breaks: "each upload is told as news" },
    { from: "Math.max(at, known.get(device)?.at ?? at)", to: "at", breaks: "an older word makes a device silent" },
    { from: "        announce(device, undefined);\n", to: "", breaks: "a removed device stays at the broker" },
  ]),
  ...mutantsOf("gateway/mqtt/topics.ts", [`${MQTT}/topics_test.ts`], [
    { from: "wanted.length === given.length && ", to: "", breaks: "a longer topic fits a shorter filter" },
    {
      from: "return topic === GATEWAY_STATUS ? undefined : topic;",
      to: "return topic;",
      breaks: "a device named gateway says that the gateway is off",
    },
  ]),
];
