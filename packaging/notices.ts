/**
 * Makes the notices of what others wrote and the executable holds: `deno task notices`, into `dist/`. `deno task build`
 * makes them with the executable, from the same modules.
 */
import { pageModules } from "../gateway/dashboard/build.ts";
import { bundleProgram } from "./bundle.ts";
import { licenceTexts, type NpmPackage, packagesOf } from "./npm_package.ts";

/** The file beside the executable, and in the package. */
export const NOTICES = "THIRD-PARTY-NOTICES.txt";

/** Licences under which a package may be part of the executable. Another one is for people to decide on. */
const ACCEPTED = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "ISC", "MIT"];

/** Packages that bring no text of their licence: whose they are, and how that is known. */
const WITHOUT_TEXT: Readonly<Record<string, { readonly holder: string; readonly reason: string }>> = {
  "@hono/zod-openapi": { holder: "Yusuke Wada", reason: "its package.json and its README say MIT, without the text" },
  "@hono/zod-validator": { holder: "Yusuke Wada", reason: "its package.json and its README say MIT, without the text" },
};

const HEAD = `EcoWatt is licensed under the Apache License 2.0 (see LICENSE). Its executable
holds the packages listed below and the runtime Deno, each under the licence
that follows its name.
`;

const RUNTIME = `Deno, the runtime
Licence: MIT
Deno is built from V8, SQLite and further parts under licences of their own,
which are published with its source: https://github.com/denoland/deno

${mit("2018-2026 the Deno authors")}`;

/** The notices of the packages that these modules belong to. Throws when the licence of one is not known or accepted. */
export function notices(modules: readonly string[]): string {
  const packages = packagesOf(modules);
  if (packages.length === 0) throw new Error("Cannot make the notices: no module belongs to a package");
  return [HEAD, RUNTIME, ...packages.map(notice)].join(`\n${"-".repeat(79)}\n\n`);
}

function notice(npm: NpmPackage): string {
  const { name, version, licence } = npm;
  if (!ACCEPTED.includes(licence)) throw new Error(`Cannot make the notices: ${name} has the licence ${licence}`);
  const head = `${name} ${version}\nLicence: ${licence}\n`;
  const texts = licenceTexts(npm);
  if (texts.length > 0) return `${head}\n${texts.join("\n\n")}\n`;
  const known = WITHOUT_TEXT[name];
  if (known === undefined || licence !== "MIT") {
    throw new Error(`Cannot make the notices: ${name} brings no text of its licence (${licence})`);
  }
  return `${head}Stated here: ${known.reason}\n\n${mit(known.holder)}`;
}

function mit(holder: string): string {
  return `MIT License

Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`;
}

if (import.meta.main) {
  const dist = new URL("../dist/", import.meta.url);
  await Deno.mkdir(dist, { recursive: true });
  await using program = await bundleProgram();
  await Deno.writeTextFile(new URL(NOTICES, dist), notices([...program.modules, ...await pageModules()]));
}
