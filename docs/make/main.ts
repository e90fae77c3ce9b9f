import { recordExamples } from "./api_recorder.ts";
import { STORY } from "./api_story.ts";

const root = new URL("../../", import.meta.url);

if (import.meta.main) {
  const examples = await recordExamples(STORY);
  await Deno.writeTextFile(
    new URL("gateway/api/document/examples.json", root),
    JSON.stringify(examples, null, 2) + "\n",
  );
}
