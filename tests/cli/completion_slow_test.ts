import assert from "node:assert/strict";
import { join } from "node:path";
import { main } from "../../cli/program.ts";
import { program, testWith } from "../needs.ts";

/** The script of a shell, in a file. */
async function script(shell: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir();
  let text = "";
  assert.equal(await main(["completion", shell], { out: (line) => text += `${line}\n`, err: () => {} }), 0);
  const path = join(folder, `ecowatt.${shell}`);
  await Deno.writeTextFile(path, text);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

async function says(shell: string, code: string): Promise<readonly string[]> {
  const { stdout, stderr, success } = await new Deno.Command(shell, { args: ["-c", code] }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}

/** What is typed, the last word being completed; some words that are offered, and one that is not. */
const CASES = [
  [["dev"], ["device"], "demo"],
  [[""], ["device", "doctor", "init", "scan"], "--json"],
  [["device", ""], ["add", "list", "show"], "doctor"],
  [["device", "li"], ["list"], "label"],
  [["device", "list", "--j"], ["--json"], "--url"],
  [["settings", "rollout", ""], ["start", "abort"], "template"],
  [["init", "--role", ""], ["both", "node", "gateway"], "--yes"],
  [["completion", "--"], ["--help"], "bash"],
  [["firmware", "add", "image.bin", "--boa"], ["--board"], "--keys"],
] as const;

for (const [words, offered, other] of CASES) {
  const name = (shell: string) => `${shell} completes: ecowatt ${words.join(" ")}…`;

  const check = (found: readonly string[]) => {
    for (const word of offered) assert.ok(found.includes(word), `${word} in ${found.join(" ")}`);
    assert.ok(!found.includes(other), other);
  };

  testWith([program("bash")], name("bash"), async () => {
    await using file = await script("bash");
    const line = ["ecowatt", ...words].map((word) => `'${word}'`).join(" ");
    const code =
      `source '${file.path}'; COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _ecowatt; printf '%s\\n' "\${COMPREPLY[@]}"`;
    check(await says("bash", code));
  });

  testWith([program("fish")], name("fish"), async () => {
    await using file = await script("fish");
    const found = await says("fish", `source '${file.path}'; complete -C 'ecowatt ${words.join(" ")}'`);
    check(found.map((line) => line.split("\t")[0] ?? ""));
  });

  testWith([program("zsh")], name("zsh"), async () => {
    await using file = await script("zsh");
    const last = words.at(-1) ?? "";
    const line = ["ecowatt", ...words].map((word) => `'${word}'`).join(" ");
    const stubs =
      'compdef() {}; _files() {}; compadd() { shift; print -l -- "$@" }; _describe() { print -l -- "${(@P)2}" };';
    const found = await says(
      "zsh",
      `${stubs} source '${file.path}'; words=(${line}); CURRENT=${words.length + 1}; PREFIX='${last}'; _ecowatt`,
    );
    check(found.map((word) => word.split(":")[0] ?? "").filter((word) => word.startsWith(last)));
  });
}
