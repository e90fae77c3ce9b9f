import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { pages } from "./text.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What a heading is called in a link, as code hosts make it. */
function anchor(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(" ", "-");
}

function anchors(text: string): readonly string[] {
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => anchor(heading));
}

Deno.test("every link between documents leads to a file that is there, and to a heading that it has", async () => {
  const all = await pages();
  const broken: string[] = [];
  let followed = 0;
  for (const { path, text } of all) {
    const prose = text.replace(/^```[\s\S]*?^```/gm, "");
    for (const [, target = ""] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = "", heading] = target.split("#");
      const to = file === "" ? path : normalize(join(dirname(path), file));
      const there = await Deno.stat(join(root, to)).then(() => true, () => false);
      const known = all.find((page) => page.path === to);
      if (!there || (heading && known && !anchors(known.text).includes(heading))) broken.push(`${path}: ${target}`);
      followed++;
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(followed > 20, `${followed} links`);
});

Deno.test("every document under docs/ is reached from the README", async () => {
  const all = await pages();
  const reached = new Set(["README.md"]);
  for (const path of reached) {
    const page = all.find((one) => one.path === path);
    for (const [, target = ""] of (page?.text ?? "").matchAll(/\]\(([^)\s#]+\.md)/g)) {
      reached.add(normalize(join(dirname(path), target)));
    }
    for (const [, target = ""] of (page?.text ?? "").matchAll(/\]\((docs\/decisions)\)/g)) {
      reached.add(`${target}/README.md`);
    }
  }
  assert.deepEqual(
    all.map(({ path }) => path).filter((path) => /^docs\/(?!decisions\/\d)/.test(path) && !reached.has(path)),
    [],
  );
});
