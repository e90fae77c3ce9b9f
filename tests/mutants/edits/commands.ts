import { mutantsOf } from "../mutant.ts";

const COMMANDS = ["command_runner", "executor", "journal", "lease", "reporter", "sunspec_limit"].map((name) =>
  `tests/device/command/${name}_test.ts`
);

export const COMMAND = [
  ...mutantsOf("device/command/lease.ts", COMMANDS, [
    {
      from: "first?.before === undefined ? write",
      to: "true ? write",
      breaks: "a limit that was ordered twice ends with the first of them",
    },
    { from: "writes.toReversed()", to: "writes", breaks: "an old limit is given back while its switch is on" },
    {
      from: 'if (held.kind === "otherwise") continue;\n',
      to: "",
      breaks: "what somebody else set meanwhile is written over",
    },
  ]),
  ...mutantsOf("device/command/lease_keeper.ts", COMMANDS, [
    {
      from: "(this.#ends.get(id) ?? 0)",
      to: "(this.#ends.get(id) ?? Infinity)",
      breaks: "a node that starts gives nothing back",
    },
  ]),
  ...mutantsOf("device/command/journal.ts", COMMANDS, [
    {
      from: 'if (row?.["acknowledged"] === 1) reopen.run(id);',
      to: "",
      breaks: "a restored gateway never hears of a command that was done",
    },
    {
      from: "for (const { address } of writes) count.run(inverter, day, address);",
      to: "",
      breaks: "a day's writes have no bound",
    },
    {
      from: "SET acknowledged = 1 WHERE id = ? AND report IS NOT NULL",
      to: "SET acknowledged = 1 WHERE id = ?",
      breaks: "a command at work counts as reported",
    },
    {
      from: "WHERE acknowledged = 1 AND number <=",
      to: "WHERE number <=",
      breaks: "a report is forgotten that the gateway does not have",
    },
    { from: "const KEPT = 1000;", to: "const KEPT = 10;", breaks: "a restored gateway has a command run again" },
    {
      from: "begin: ({ id, inverter, writes, at, lease }) =>\n      transaction(db, () => {",
      to:
        "begin: ({ id, inverter, writes, at, lease }) =>\n      ((_: unknown, work: () => void) => work())(db, () => {",
      breaks: "a command is recorded that is not counted",
    },
    { from: "count = count + 1", to: "count = 1", breaks: "a register has one write a day for ever" },
    { from: "forgetDays.run(day - KEPT_DAYS, day + KEPT_DAYS);", to: "", breaks: "days are remembered for ever" },
    {
      from: "WHERE report IS NULL ORDER BY number",
      to: "WHERE report IS NULL ORDER BY number DESC",
      breaks: "interrupted commands are looked at in the wrong order",
    },
  ]),
  ...mutantsOf("device/command/executor.ts", COMMANDS, [
    {
      from: "  if (refusals.length > 0) return refused(refusals);\n  if (order.command.command_type",
      to: "  if (order.command.command_type",
      breaks: "the gateway can have registers read that the map does not have",
    },
    {
      from: "  if (refusals.length > 0) return refused(refusals);\n  const steps",
      to: "  const steps",
      breaks: "the gateway can have values written that the register does not take",
    },
    { from: "  if (spent !== undefined) return failed(spent);\n", to: "", breaks: "a day's writes have no bound" },
    {
      from: "  if (command.override_budget) return undefined;\n",
      to: "",
      breaks: "an admin cannot write beyond the budget",
    },
    {
      from: "return void io.journal.begin(beginning);",
      to: "return undefined;",
      breaks: "a write is made that nobody recorded",
    },
    {
      from:
        'if (signal.aborted || deadline.passed) return { kind: signal.aborted ? "stopped" : "expired" };\n    if (!before.ok)',
      to: "if (!before.ok)",
      breaks: "a command is begun after it expired",
    },
    {
      from:
        'if (signal.aborted || deadline.passed) return { kind: signal.aborted ? "stopped" : "expired" };\n  if (!answer.ok)',
      to: "if (!answer.ok)",
      breaks: "what is read after a command expired is told as its result",
    },
    {
      from: 'if (!held.ok && held.fault.kind === "exception") return { ok: true, value: undefined };',
      to: "",
      breaks: "a register that cannot be read is never written",
    },
  ]),
  ...mutantsOf("device/command/write_sequence.ts", COMMANDS, [
    {
      from: "done.length === 0 ? { ...later, deadline } : later",
      to: "{ ...later, deadline }",
      breaks: "a command stops half done when it expires",
    },
    { from: "changed.toReversed()", to: "changed", breaks: "writes are taken back first to last" },
  ]),
  ...mutantsOf("device/command/write_step.ts", COMMANDS, [
    {
      from: '    if (deadline?.passed) return { kind: "expired" };\n    const sent',
      to: "    const sent",
      breaks: "a write goes out after its command expired",
    },
    { from: "attempt < ATTEMPTS", to: "attempt < 10 * ATTEMPTS", breaks: "a register is written thirty times" },
  ]),
  ...mutantsOf("device/command/recovery.ts", COMMANDS, [
    { from: "${await takeBack(done, writeIo)}", to: "", breaks: "half of a command stays after a kill" },
    {
      from: 'if (held.kind === "otherwise") {',
      to: "if (false) {",
      breaks: "a write that never arrived is reported done",
    },
  ]),
  ...mutantsOf("device/command/command_runner.ts", COMMANDS, [
    {
      from: "if (this.#io.journal.repeat(command.command_id)) {",
      to: "if (false) {",
      breaks: "a command that comes again is done again",
    },
    {
      from: "const answeredAt = askedAt + (answer.waited_ms ?? 0);",
      to: "const answeredAt = this.#io.clock.monotonic();",
      breaks: "a slow answer lengthens a command's life",
    },
    {
      from: "if (signal.aborted || this.#resting) return fresh;",
      to: "if (signal.aborted) return fresh;",
      breaks: "a command is begun while an update waits",
    },
    { from: ".slice(0, MAX_NAMED)", to: "", breaks: "a request grows with what is not reported" },
  ]),
  ...mutantsOf("device/command/reporter.ts", COMMANDS, [
    {
      from: '      case "unsupported":\n        return 0;',
      to: '      case "unsupported":\n        io.journal.acknowledge(report.command_id);\n        return 0;',
      breaks: "an older gateway's 404 drops a report",
    },
    {
      from: "Math.max(pause, gatewayPauseMs(failures, io.random.float()))",
      to: "gatewayPauseMs(failures, io.random.float())",
      breaks: "a pause that the gateway asks for is not kept",
    },
  ]),
];
