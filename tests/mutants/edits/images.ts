import { mutantsOf } from "../mutant.ts";

export const IMAGES = [
  ...mutantsOf("ota/chunks/chunk_hmac.ts", ["tests/ota/chunks"], [
    {
      from: "concat(chunk, utf8(String(number)))",
      to: "concat(chunk, utf8(String(number % 10)))",
      breaks: "one chunk passes for another",
    },
  ]),
  ...mutantsOf("ota/manifest/manifest.ts", ["tests/ota/manifest", "tests/ota/updater/attacks_test.ts"], [
    { from: "!await verifyRsa(key, utf8(text), signature)", to: "false", breaks: "anybody signs firmware" },
    { from: "if (canonicalText(parsed.data) !== text) {", to: "if (false) {", breaks: "one manifest has two hashes" },
    { from: "text.length > MAX_MANIFEST_CHARS", to: "false", breaks: "a manifest of any length is verified" },
    { from: "\n}).refine(sizesAgree, ", to: "\n}).refine(() => true, ", breaks: "a manifest's sizes need not agree" },
  ]),
  ...mutantsOf("ota/repository/image_store.ts", [
    "tests/ota/repository/power_cut_slow_test.ts",
    "tests/ota/repository/repository_test.ts",
  ], [
    { from: "    await files.sync(image);\n", to: "", breaks: "a power cut leaves an empty image on offer" },
    {
      from: "  await files.rename(temporary, target);\n  await files.sync(folder);\n",
      to: "  await files.rename(temporary, target);\n",
      breaks: "a power cut takes an image that was added",
    },
    {
      from: "if (found.sequence !== null) await markSequence(folder, model, found.sequence, files);",
      to: "",
      breaks: "a removed image's sequence is given again",
    },
    {
      from: "if (sequence !== null && sequence <= highest) {",
      to: "if (false) {",
      breaks: "two images get one sequence",
    },
    {
      from: "if (find(model, version) !== undefined) {",
      to: "if (false) {",
      breaks: "an image is replaced by another of its name",
    },
  ]),
];
