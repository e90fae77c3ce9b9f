import { mutantsOf } from "../mutant.ts";

const SLOTS = [
  "tests/ota/slots/slots_test.ts",
  "tests/ota/slots/postponed_test.ts",
  "tests/ota/power_cut_slow_test.ts",
];
const FILES = ["tests/ota/slots/files_test.ts"];
const STAGE = ["tests/ota/slots/stage_test.ts"];

export const SLOT_EDITS = [
  ...mutantsOf("ota/slots/durable.ts", SLOTS, [
    { from: "  await files.sync(temporary);\n", to: "", breaks: "a power cut leaves an empty state" },
    {
      from: "  await files.rename(temporary, path);\n  await files.syncFolder(path);\n}\n\n/**\n * Turns",
      to: "  await files.rename(temporary, path);\n}\n\n/**\n * Turns",
      breaks: "a power cut brings the old state back",
    },
    {
      from: "  await files.rename(temporary, path);\n  await files.syncFolder(path);\n}\n\n/**\n * Removes",
      to: "  await files.rename(temporary, path);\n}\n\n/**\n * Removes",
      breaks: "a power cut brings the old program back after the new one is confirmed",
    },
    {
      from: "  await files.unlink(path);\n  await files.syncFolder(path);\n",
      to: "  await files.unlink(path);\n",
      breaks: "a power cut brings a trial back",
    },
    {
      from: "  await files.unlink(temporary);\n  await files.write(",
      to: "  await files.write(",
      breaks: "the end of a longer state that was interrupted stays",
    },
    {
      from: "  await files.unlink(temporary);\n  await files.link(",
      to: "  await files.link(",
      breaks: "a link that was interrupted blocks every update",
    },
  ]),
  ...mutantsOf("ota/slots/slots.ts", SLOTS, [
    {
      from:
        '  await replaceLink(files, "current", slot);\n  await storeState(files, confirmed(await loadState(files)));\n',
      to:
        '  await storeState(files, confirmed(await loadState(files)));\n  await replaceLink(files, "current", slot);\n',
      breaks: "the floor rises before the program is the one that runs",
    },
    {
      from: "  await storeState(files, confirmed(await loadState(files)));\n  await clear(files);\n",
      to: "  await clear(files);\n  await storeState(files, confirmed(await loadState(files)));\n",
      breaks: "a power cut leaves the floor behind for good",
    },
    {
      from: "if (await currentSlot(files) === trial.slot) {",
      to: "if (false) {",
      breaks: "an update that was confirmed is rolled back after a power cut",
    },
    {
      from: 'return { kind: "idle" }; // not its business',
      to: "return await rollBack(files, trial);",
      breaks: "a program that was started by hand ends a trial",
    },
    {
      from: "if (state.pending?.image === trial.image) {",
      to: "if (true) {",
      breaks: "another image than the one on trial is given up",
    },
    { from: "attempts?.image === image && ", to: "", breaks: "another trial's failures put an update off" },
    {
      from: 'attempts.last.code === "not_confirmed" &&',
      to: "",
      breaks: "a program that crashes is tried again",
    },
    {
      from: "if (attempts?.image !== trial.image) return",
      to: "if (attempts === undefined) return",
      breaks: "another trial's failures are reported",
    },
    {
      from: "lines.slice(-MAX_LOG_LINES)",
      to: "lines.slice(0, MAX_LOG_LINES)",
      breaks: "a report has the first lines of a log, not the last",
    },
    { from: ".slice(0, MAX_LOG_LINE_CHARS)", to: "", breaks: "a report is refused for a long line" },
    {
      from: "if (name !== undefined && image) return",
      to: "if (name !== undefined) return",
      breaks: "a program that has proved itself takes itself for one on trial",
    },
  ]),
  ...mutantsOf("ota/slots/state.ts", SLOTS, [
    {
      from: "Math.max(state.floor, sequence)",
      to: "sequence",
      breaks: "an image that was brought by hand lowers the floor",
    },
    {
      from: "throw new Error(`Cannot read the state of updates, ${PATH}: it is damaged`, { cause: error });",
      to: "return INITIAL;",
      breaks: "a damaged state lets an old image in",
    },
    { from: "times < MOST_UNDECIDED", to: "times <= MOST_UNDECIDED", breaks: "an image is tried once more than said" },
    {
      from: "state.postponed?.image === pending.image ? state.postponed.times : 0",
      to: "state.postponed?.times ?? 0",
      breaks: "another image's trials count against this one",
    },
    { from: ".slice(-MAX_BAD)", to: ".slice(0, MAX_BAD)", breaks: "the newest bad image is forgotten" },
    { from: ".slice(-MAX_REPORTS)", to: ".slice(0, MAX_REPORTS)", breaks: "the newest outcome is not told" },
    {
      from: 'return told(remembered(state, { ...pending, code: "rolled_back", reason }), report);',
      to: "return told(state, report);",
      breaks: "an image that failed is tried again and again",
    },
  ]),
  ...mutantsOf("ota/slots/trial.ts", SLOTS, [
    {
      from: 'return current === "a" ? "b" : "a";',
      to: 'return current === "b" ? "b" : "a";',
      breaks: "an update overwrites the program that runs",
    },
    { from: "^([ab]) ([0-9a-f]+)", to: "^([ab]) ([^ ]+)", breaks: "a trial counts that the boot guard does not take" },
  ]),
  ...mutantsOf("ota/slots/files.ts", FILES, [
    {
      from: "      using file = await Deno.open(at(path), { read: true });\n      await file.sync();\n",
      to: "",
      breaks: "no file of an update is durable",
    },
    { from: "sync: () => file.syncData()", to: "sync: () => Promise.resolve()", breaks: "no chunk is durable" },
    {
      from: "create: true, mode: 0o700",
      to: "create: true, mode: 0o755",
      breaks: "everybody on the machine reads a slot's program",
    },
    {
      from: "await Deno.mkdir(root, { recursive: true, mode: 0o700 });",
      to: "await Deno.mkdir(root, { recursive: true, mode: 0o755 });",
      breaks: "everybody on the machine lists the slots",
    },
    {
      from: "await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });",
      to: "await Deno.mkdir(dirname(path), { recursive: true, mode: 0o755 });",
      breaks: "everybody on the machine lists a slot",
    },
    {
      from: "for (let done = 0; done < bytes.length;) done += await writeSome(file, bytes.subarray(done));",
      to: "await writeSome(file, bytes);",
      breaks: "a short write leaves a hole",
    },
    {
      from: "syncFolder: (path) => syncDirectory(dirname(at(path)))",
      to: "syncFolder: () => Promise.resolve()",
      breaks: "no name of an update is durable",
    },
  ]),
  ...mutantsOf("ota/slots/stage.ts", STAGE, [
    { from: '  await removeFile(files, "trial");\n', to: "", breaks: "half of a staged image is tried" },
    {
      from: "await forgetPart(files, slot);",
      to: "await Promise.resolve(slot);",
      breaks: "an older download goes on into the staged slot",
    },
    {
      from: '  await files.unlink("attempts");\n',
      to: "",
      breaks: "a staged image begins with an older one's failures",
    },
    {
      from: "sequence: state.floor",
      to: "sequence: state.floor + 1",
      breaks: "an image brought by hand raises the floor",
    },
    { from: "  await files.sync(temporary);\n", to: "", breaks: "a power cut leaves an empty program" },
    {
      from: "  await files.rename(temporary, path);\n  await files.syncFolder(path);\n",
      to: "  await files.rename(temporary, path);\n",
      breaks: "a power cut leaves the older program in the staged slot",
      unnoticed: "the digest that is kept behind it syncs the same folder, before anything is on trial",
    },
    {
      from: "otherSlot(await currentSlot(files))",
      to: 'otherSlot("b")',
      breaks: "staging overwrites the program that runs",
    },
    {
      from: '(await readTrial(files))?.image === sha256 ? "same" : "on_trial"',
      to: '"on_trial"',
      breaks: "an image on trial is staged again",
    },
  ]),
];
