import assert from "node:assert/strict";
import { z } from "zod";
import { parseYaml } from "../../../../cli/service/config/yaml_file.ts";

const Schema = z.strictObject({
  gateway: z.strictObject({ host: z.string().default("127.0.0.1"), port: z.int().min(1).max(65535) }).optional(),
  names: z.array(z.string()).optional(),
});

const env = (name: string) => ({ PORT: "9090", EMPTY: "", EVIL: "x\nport: 1", TEXT: "5" })[name];

function faults(text: string): string[] {
  const parsed = parseYaml(text, Schema, env);
  return parsed.ok ? [] : parsed.faults.map((fault) => `${fault.line}:${fault.column} ${fault.message}`);
}

Deno.test("a wrong file is refused with the line, the column and the reason of every fault", () => {
  const table: readonly [string, RegExp[]][] = [
    ["gateway:\n  port: 99999\n", [/^2:9 gateway\.port: .*65535/]],
    ["gateway:\n  prot: 8080\n  port: 1\n", [/^2:3 gateway: unknown key "prot"/]],
    ["gateway:\n  host: x\n", [/^2:3 gateway\.port: /]],
    ["names:\n  - a\n  - 5\n", [/^3:5 names\[1\]: /]],
    ["gateway: [1\n", [/^2:1 /]],
    ["gateway:\n  port: a\nnames: 4\n", [/^2:9 gateway\.port/, /^3:8 names/]],
    ["gateway:\n  port: ${NOT_SET}\n", [/^2:9 the environment variable NOT_SET is not set$/]],
    ["gateway:\n  port: ${EMPTY:?give the port}\n", [/^2:9 EMPTY: give the port$/]],
    ["a: 1\na: 2\n", [/^2:1 .*unique/]],
    ["names: *nobody\n", [/^1:1 Unresolved alias/]],
    [`a: &a [${"x,".repeat(40)}]\nb: &b [${"*a,".repeat(40)}]\nc: [${"*b,".repeat(40)}]\n`, [/^1:1 Excessive alias/]],
  ];
  for (const [text, expected] of table) {
    const found = faults(text);
    assert.equal(found.length, expected.length, `${text}: ${found}`);
    for (const [index, pattern] of expected.entries()) assert.match(found[index] ?? "", pattern);
  }
});

Deno.test("the environment fills in values and never structure", () => {
  const table: readonly [string, unknown][] = [
    ["gateway:\n  port: ${PORT}", { gateway: { host: "127.0.0.1", port: 9090 } }],
    ["gateway:\n  port: ${NOT_SET:-81}", { gateway: { host: "127.0.0.1", port: 81 } }],
    ['names: ["${TEXT}", "$${PORT}", "$5"]', { names: ["5", "${PORT}", "$5"] }],
    ["gateway:\n  host: ${EVIL}\n  port: 2", { gateway: { host: "x\nport: 1", port: 2 } }],
  ];
  for (const [text, value] of table) {
    assert.deepEqual(parseYaml(text, Schema, env), { ok: true, value }, text);
  }
});
