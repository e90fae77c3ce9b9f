import { mutantsOf } from "../mutant.ts";

const UPDATER = ["attacks", "download", "eligibility", "install", "octets", "prover", "status_files", "updater"].map((
  name,
) => `tests/ota/updater/${name}_test.ts`);
const UPDATES = [
  ...UPDATER,
  "tests/ota/power_cut_slow_test.ts",
  "tests/ota/slots/health_test.ts",
  "tests/ota/slots/postponed_test.ts",
  "tests/ota/slots/slots_test.ts",
];

export const UPDATER_EDITS = [
  ...mutantsOf("ota/slots/health.ts", UPDATES, [
    { from: "upMs < expected.soakMs", to: "false", breaks: "an image is confirmed that crashes after a minute" },
    { from: "[!health.stored,", to: "[false,", breaks: "an image is confirmed that stores nothing" },
    {
      from: "!health.polled && expected.invertersAnswered",
      to: "!health.polled",
      breaks: "an update by night is rolled back",
    },
  ]),
  ...mutantsOf("ota/updater/eligibility.ts", UPDATER, [
    {
      from: "sequence <= state.floor",
      to: "sequence < state.floor",
      breaks: "the image that is confirmed is installed again",
    },
    {
      from: "compareVersions(version, self.version) <= 0",
      to: "compareVersions(version, self.version) < 0",
      breaks: "the installed version is installed again",
    },
    {
      from: "compareVersions(self.version, min_version) < 0",
      to: "compareVersions(self.version, min_version) <= 0",
      breaks: "the version that an update needs does not do",
    },
    { from: "one.image === image || ", to: "", breaks: "a bad image comes again under another sequence" },
    { from: " || one.sequence === sequence", to: "", breaks: "a bad sequence comes again with another image" },
    {
      from: "manifest.original_size > room",
      to: "manifest.original_size >= room",
      breaks: "an image that just fits is refused",
    },
    {
      from: "if (model !== self.model) return",
      to: "if (false) return",
      breaks: "another model's program is installed",
    },
  ]),
  ...mutantsOf("ota/updater/part.ts", UPDATES, [
    {
      from:
        "    await this.#file.write(noteAt(this.#wanted.manifest, place.next), noteOf(place));\n    await this.#file.sync();\n",
      to: "    await this.#file.write(noteAt(this.#wanted.manifest, place.next), noteOf(place));\n",
      breaks: "a power cut takes chunks that count as there",
    },
    {
      from: "if (next === 0) await this.#files.syncFolder(partOf(this.#wanted.slot));",
      to: "",
      breaks: "a power cut takes the whole download",
    },
    { from: "    await this.#file.truncate(this.#place.written);\n", to: "", breaks: "notes stay behind the image" },
    {
      from: "return toHex(sha256(await file.read(start, size))) === last;",
      to: "return true;",
      breaks: "a note counts whose chunk never came",
    },
    { from: "toHex(sha256(text)) !== hash", to: "false", breaks: "a torn note counts" },
    { from: "+ next % 2)", to: ")", breaks: "a torn note takes the one before with it" },
    { from: "place?.image === image", to: "place !== undefined", breaks: "another image's download goes on" },
  ]),
  ...mutantsOf("ota/updater/install.ts", UPDATES, [
    {
      from: "  await files.sync(partOf(slot)); // what was checked was read from memory perhaps\n",
      to: "",
      breaks: "what is started may never have been on the disk",
    },
    {
      from: "  await files.syncFolder(executableOf(slot));\n",
      to: "",
      breaks: "a power cut leaves the older program in the slot on trial",
      unnoticed: "the digest that is kept behind it syncs the same folder, before anything is on trial",
    },
    { from: "  if (!program.ok) return program;\n", to: "", breaks: "a program that does not start is tried" },
    { from: "    if (!image.ok) return image;\n", to: "", breaks: "an image is started that is not the manifest's" },
    { from: "  await forgetPart(io.files, slot);\n", to: "", breaks: "a bad download stays in its slot" },
    {
      from: "isBad(fault) ? remembered(state, one) : state",
      to: "state",
      breaks: "a bad image is downloaded every day",
    },
    {
      from: "isBad(fault) ? remembered(state, one) : state",
      to: "remembered(state, one)",
      breaks: "a good image is given up for a bad server",
    },
    {
      from:
        "  await storeState(io.files, known ? { ...state, pending } : told({ ...state, pending }, report));\n  await arm(io.files, { slot, image, ...io.trial });\n",
      to:
        "  await arm(io.files, { slot, image, ...io.trial });\n  await storeState(io.files, known ? { ...state, pending } : told({ ...state, pending }, report));\n",
      breaks: "an image is on trial that the state does not know",
    },
    {
      from: "known ? { ...state, pending } : told({ ...state, pending }, report)",
      to: "told({ ...state, pending }, report)",
      breaks: "an image is told again and again",
    },
    {
      from: 'if (signal.aborted) return refusal("stopped", "the program ends");',
      to: "",
      breaks: "an image is put in place by a program that ends",
    },
  ]),
  ...mutantsOf("ota/updater/image_check.ts", UPDATER, [
    {
      from: "if (found !== manifest.sha256_hash) return",
      to: "if (false) return",
      breaks: "an image is started that is not the manifest's",
    },
    {
      from: "if (size !== manifest.original_size) return",
      to: "if (false) return",
      breaks: "an image is read whole that has the wrong size",
    },
  ]),
  ...mutantsOf("ota/updater/download.ts", UPDATER, [
    {
      from: "if (chunk_number !== number) return refusal",
      to: "if (false) return refusal",
      breaks: "another chunk is taken",
    },
    { from: "if (bytes.length !== expected) {", to: "if (false) {", breaks: "a chunk of another length is taken" },
    {
      from: "if (!authentic) return refusal",
      to: "if (false) return refusal",
      breaks: "a chunk that is not authentic is written",
    },
    {
      from: "++damaged >= MAX_DAMAGED",
      to: "++damaged > MAX_DAMAGED",
      breaks: "a damaged chunk is asked for once more",
    },
    {
      from: "reply.drips && ++drips >= MAX_DRIPS",
      to: "false",
      breaks: "a server that drips holds a download for ever",
    },
    {
      from: 'if (slow !== undefined) return refusal("too_slow", slow);',
      to: "",
      breaks: "a slow server holds a download for ever",
    },
  ]),
  ...mutantsOf("ota/updater/updater.ts", UPDATER, [
    {
      from: 'if (io.boot.kind === "unguarded") {',
      to: "if (false) {",
      breaks: "a program that nobody guards replaces itself",
    },
    {
      from: "    if (this.#lastRefusal === error) return this.#plan(this.#io.interval);\n",
      to: "",
      breaks: "a refused offer is reported every day",
    },
    {
      from: 'brought.fault !== "too_slow" && brought.fault !== "refused"',
      to: "true",
      breaks: "a slow server costs what was downloaded",
    },
    { from: "lacks.length === 0", to: "true", breaks: "every image is confirmed" },
    {
      from: "pending?.inverters_answered ?? true",
      to: "pending?.inverters_answered ?? false",
      breaks: "an image without a record need not poll",
    },
  ]),
  ...mutantsOf("ota/updater/prover.ts", UPDATER, [
    {
      from: "if (!await alive()) since = clock.monotonic();",
      to: "if (!await alive()) continue;",
      breaks: "a break in being alive counts as soaked",
    },
    { from: ">= SOAK_MS", to: ">= 0", breaks: "an image is confirmed at once" },
  ]),
];
