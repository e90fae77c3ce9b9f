import { mutantsOf } from "../mutant.ts";

const INGEST = (name: string) => [`tests/gateway/ingest/${name}_test.ts`];

export const BOARDS = [
  ...mutantsOf("gateway/boards/chain.ts", ["tests/gateway/boards/chain_test.ts"], [
    {
      from: "powerKnownAt > knownAt || endAt - knownAt > TRUSTED_MS",
      to: "endAt - knownAt > TRUSTED_MS",
      breaks: "a dawn is counted as it comes",
    },
    {
      from: "powerKnownAt > knownAt || endAt - knownAt > TRUSTED_MS",
      to: "powerKnownAt > knownAt",
      breaks: "a long chain is counted as it comes",
    },
    { from: "const TRUSTED_MS = 900_000;", to: "const TRUSTED_MS = 960_000;", breaks: "a chain is trusted for longer" },
    {
      from: "const LATEST_MS = 900_000;",
      to: "const LATEST_MS = 901_000;",
      breaks: "what comes later shows something of a chain",
    },
    {
      from: "const PROVEN_BY_IDLE_MS = 14_400_000;",
      to: "const PROVEN_BY_IDLE_MS = 15_000_000;",
      breaks: "the dark proves a longer chain",
    },
    {
      from: "if (before === null || !chained) return",
      to: "if (before === null) return",
      breaks: "nothing stands for itself",
    },
    {
      from: "powerMoves }: Link): Followed {",
      to: "powerMoves: _ }: Link): Followed {\n  const powerMoves = false;",
      breaks: "power that moves is idle",
    },
    {
      from: "most === 0 && !broken && !powerMoves",
      to: "most === 0 && !powerMoves",
      breaks: "a batch behind a lost one is idle",
    },
    {
      from: "powerKnownAt: isIdle ? endAt : powerKnownAt,",
      to: "powerKnownAt,",
      breaks: "an idle inverter is not known",
    },
    { from: "broken ? [...before.gaps, gap] : before.gaps", to: "before.gaps", breaks: "gaps are forgotten" },
    { from: "isIdle || most > LOW_W ? null", to: "most > LOW_W ? null", breaks: "an idle inverter is low" },
    { from: "isIdle || most > LOW_W ? null", to: "isIdle ? null", breaks: "power that came back is low" },
    { from: "before.lowSince ?? startAt", to: "startAt", breaks: "every low batch is the first" },
    {
      from: "const LONGEST_LOW_MS = 120_000;",
      to: "const LONGEST_LOW_MS = 130_000;",
      breaks: "estimates at 0 for longer prove something",
    },
    { from: "const LOW_W = 10;", to: "const LOW_W = 9;", breaks: "the bound of low power" },
    {
      from: "if (endAt <= knownAt || gap <= 0 || gap > LATEST_MS) return null;",
      to: "if (gap <= 0 || gap > LATEST_MS) return null;",
      breaks: "a chain of nothing is corrected",
    },
    {
      from: 'qualities[column] === "lossy" ? null',
      to: 'qualities[column] === "provisional" ? null',
      breaks: "lost digits correct a chain",
    },
    {
      from: "if (powerKnownAt > knownAt || endAt <= knownAt ||",
      to: "if (endAt <= knownAt ||",
      breaks: "a night proves the day after a night",
    },
    {
      from: "isOfPower(column) ? -value : null",
      to: "isOfPower(column) ? value : null",
      breaks: "the dark corrects the wrong way",
    },
    { from: "isOfPower(column) ? -value : null", to: "-value", breaks: "the dark corrects voltage and temperature" },
    { from: "at > powerKnownAt || values[POWER] === 0", to: "at > powerKnownAt", breaks: "nights stay provisional" },
    { from: "at > powerKnownAt || values[POWER] === 0", to: "true", breaks: "a day that nothing proves is counted" },
    {
      from: "const from = isOfPower(column) ? mend.powerKnownAt : mend.knownAt;",
      to: "const from = mend.knownAt;",
      breaks: "a night takes part of what power was off by",
    },
    {
      from: "(isOfPower(column) && (idle || value === 0))",
      to: "(isOfPower(column) && value === 0)",
      breaks: "an idle inverter gets currents",
    },
    {
      from: "(isOfPower(column) && (idle || value === 0))",
      to: "(isOfPower(column) && idle)",
      breaks: "a current of 0 gets some",
    },
    { from: "Math.min(0xffff, ", to: "Math.min(0x1ffff, ", breaks: "a corrected register has 17 bits" },
    {
      from: "Math.max(0, Math.round(value + offset * share))",
      to: "Math.round(value + offset * share)",
      breaks: "a corrected register is below 0",
    },
    {
      from: "at > from && at <= to ? sum",
      to: "at > from && at < to ? sum",
      breaks: "a gap counts from the sample behind it on",
    },
  ]),
  ...mutantsOf("gateway/ingest/board_mends.ts", INGEST("board_mender"), [
    { from: "const MOST_MENDS = 16;", to: "const MOST_MENDS = 17;", breaks: "the bound of what waits" },
    { from: "from - from % SLICE_MS + SLICE_MS", to: "mend.endAt + 1", breaks: "a chain is corrected at once" },
    { from: "to > mend.endAt ? rest", to: "true ? rest", breaks: "a chain is corrected for one slice only" },
    { from: "doneTo: to - 1", to: "doneTo: mend.doneTo", breaks: "the same slice is corrected for ever" },
  ]),
  ...mutantsOf("gateway/ingest/board_mender.ts", INGEST("board_mender"), [
    {
      from: "mendBoard(device, io), { weight: MOST_WORK })",
      to: "mendBoard(device, io))",
      breaks: "slices share a transaction",
    },
    { from: "      waiting.delete(row);\n", to: "", breaks: "a board that is done waits for ever" },
    { from: "      busy = false;\n", to: "", breaks: "after the first chain none is corrected" },
    {
      from: "if (!busy) void start();",
      to: "void start();",
      breaks: "two loops correct at the same time",
      unnoticed: "they take turns over the same boards: slices come in another order",
    },
  ]),
  ...mutantsOf("gateway/ingest/board_memory.ts", INGEST("board_memory"), [
    { from: "known?.text === text ? known.state", to: "known ? known.state", breaks: "what was undone is remembered" },
    { from: "      kept.set(device, { text, state });\n", to: "", breaks: "every state is read anew" },
  ]),
  ...mutantsOf("gateway/energy/integral.ts", ["tests/gateway/energy/integral_test.ts"], [
    { from: " && !(asideAt > from && asideAt < to)", to: "", breaks: "what is not counted is bridged" },
    { from: "Math.max(integral.asideAt ?? 0, at)", to: "at", breaks: "what is set aside late hides what is newer" },
  ]),
];
