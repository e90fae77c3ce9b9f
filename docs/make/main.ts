import { recordExamples } from "./api_recorder.ts";
import { STORY } from "./api_story.ts";
import { PAGES } from "./pages.ts";
import { formatted } from "./formatted.ts";

const root = new URL("../../", import.meta.url);
const EXAMPLES = "gateway/api/document/examples.json";

/** `examples` records what the API answers; `pages` makes the pages, from what was recorded before. */
switch (Deno.args[0]) {
  case "examples":
    await write(EXAMPLES, JSON.stringify(await recordExamples(STORY), null, 2));
    break;
  case "pages":
    for (const [path, make] of PAGES) await write(path, await make());
    break;
  default:
    throw new Error("Cannot make documents: say examples or pages");
}

async function write(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(new URL(path, root), await formatted(path, text));
}
