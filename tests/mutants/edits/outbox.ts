import { mutantsOf } from "../mutant.ts";

const OUTBOX = ["tests/device/outbox/outbox_test.ts", "tests/device/outbox/write_ahead_log_test.ts"];
const STORE = ["tests/device/store"];

export const OUTBOXES = [
  ...mutantsOf("device/store/database.ts", STORE, [
    { from: 'synchronous: "full"', to: 'synchronous: "normal"', breaks: "a power cut undoes a recorded command" },
    {
      from: "PAGE_BYTES, exclusive: true",
      to: "PAGE_BYTES, exclusive: false",
      breaks: "two nodes run on one database",
    },
  ]),
  ...mutantsOf("device/store/sequence.ts", STORE, [
    {
      from: "this.#next = this.#reserved + 1;",
      to: "this.#next = this.#reserved;",
      breaks: "a restart uses a number again",
    },
    {
      from: "    transaction(this.#db, () => this.#write(upTo));\n",
      to: "",
      breaks: "numbers are used that are not reserved",
    },
    {
      from: "next <= this.#next",
      to: "next < this.#next",
      breaks: "a number where it is already counts as an advance",
    },
    { from: "this.#reserved - this.#next >= RESERVATION / 2", to: "false", breaks: "every seal writes a reservation" },
  ]),
  ...mutantsOf("device/outbox/outbox.ts", OUTBOX, [
    {
      from: "this.#open.count === 0 && this.#done.size === 0",
      to: "this.#open.count === 0",
      breaks: "acknowledged blocks stay",
    },
    {
      from: "Math.max(state.nextBlock, io.firstBlock)",
      to: "state.nextBlock",
      breaks: "a new disk uses block numbers again",
    },
    {
      from: "if (this.#table.has(id)) this.#done.set(id, undefined);",
      to: "this.#done.set(id, undefined);",
      breaks: "a block that was dropped counts as done",
    },
    { from: "      after?.();\n", to: "", breaks: "what is written alongside does not count" },
    { from: "    this.#tail.restart(state.generation);\n", to: "", breaks: "the tail file grows for ever" },
    {
      from: "    if (!this.seal()) this.#leaveInTail();\n",
      to: "    this.#leaveInTail();\n",
      breaks: "samples are left in a tail that may be lost",
    },
    { from: "portion.length > 0 && taken > 1", to: "taken > 1", breaks: "a block that is too large blocks all others" },
    { from: "    this.#done.clear();\n", to: "", breaks: "what is done is done again with every seal" },
    { from: "if (length > MAX_OPEN_SAMPLES && ", to: "if (false && ", breaks: "memory grows while the disk is full" },
  ]),
  ...mutantsOf("device/outbox/sealing.ts", OUTBOX, [
    {
      from: "generation: state.generation + 1",
      to: "generation: state.generation",
      breaks: "sealed samples come twice after a kill",
    },
    {
      from: "tally.bytes > limitBytes",
      to: "tally.bytes >= limitBytes",
      breaks: "a block is dropped that has room",
    },
    {
      from: "state.droppedSamples + lost + dropped.samples",
      to: "state.droppedSamples + dropped.samples",
      breaks: "samples are lost that nobody counts",
    },
  ]),
  ...mutantsOf("device/outbox/block_table.ts", OUTBOX, [
    {
      from: "oldestRefused.get() ?? oldest.get()",
      to: "oldest.get()",
      breaks: "good blocks are dropped before refused ones",
    },
    {
      from: "WHERE refused IS NULL ORDER BY block.id",
      to: "ORDER BY block.id",
      breaks: "a refused block is sent for ever",
    },
  ]),
  ...mutantsOf("device/outbox/write_ahead_log.ts", OUTBOX, [
    { from: "mode: 0o600", to: "mode: 0o644", breaks: "everybody on the machine reads the samples" },
    { from: "whole.slice(0, 9) !== `${checksum(body)} `", to: "whole.length < 10", breaks: "a damaged line is read" },
    { from: "      tail.#broken = true;\n", to: "", breaks: "the first line after a kill is lost with the cut one" },
    { from: "      records = [];\n", to: "", breaks: "sealed samples come twice after a full disk" },
    {
      from: "this.#gaveUp = this.#pending.length > MAX_PENDING;",
      to: "",
      breaks: "memory grows while the disk is full",
    },
    { from: "while (written < bytes.length) written +=", to: "written +=", breaks: "half of a line is written" },
    {
      from: "this.#pending = bytes.slice(whole);",
      to: "this.#pending = new Uint8Array(0);",
      breaks: "lines that a full disk refused are lost",
    },
  ]),
  ...mutantsOf("device/outbox/open_series.ts", OUTBOX, [
    {
      from: "      if (!fitsBlock(restored, key.registers.length)) continue;\n",
      to: "",
      breaks: "one bad line keeps all samples from being sealed",
    },
    { from: "    this.#written.clear();\n", to: "", breaks: "samples after a seal have no series" },
  ]),
];
