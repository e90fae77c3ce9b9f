import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EXAMPLES } from "../../cli/terminal/examples.ts";
import { buildProgram } from "../../cli/program.ts";
import { debianChangelog } from "../../packaging/debian_changelog.ts";
import { manPage } from "../../packaging/man_page.ts";
import { NOTICES } from "../../packaging/notices.ts";
import { command, run } from "../e2e/process.ts";
import { type Need, program, testWith } from "../needs.ts";

const DEB = fileURLToPath(new URL("../../packaging/deb.ts", import.meta.url));
const isRoot: Need = { what: "root (dpkg gives files away)", met: Deno.uid() === 0 };

/** What the executable in a slot says when it is asked, without a cache of modules at hand. */
const ABOUT = JSON.stringify({ model: "ecowatt", version: "0.0.1", os: Deno.build.os, arch: Deno.build.arch });

/** A folder for a package around an executable that is the product under test, with a word that tells builds apart. */
class Package implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "ecowatt-deb-test-" });

  async build(word: string, ...flags: string[]): Promise<string> {
    const executable = join(this.folder, "executable");
    const script = `#!/bin/sh\n# ${word}\n[ "$1" = version ] && { echo '${ABOUT}'; exit 0; }\nexec ${
      command().map((part) => `'${part}'`).join(" ")
    } "$@"\n`;
    Deno.writeTextFileSync(executable, script, { mode: 0o755 });
    Deno.writeTextFileSync(join(this.folder, NOTICES), "What others wrote.\n");
    const args = ["run", "-A", DEB, "--executable", executable, "--output", this.folder, ...flags];
    const { code, out, err } = await run(args, { program: [Deno.execPath()] });
    assert.equal(code, 0, err);
    return out.trim();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

testWith(
  [program("dpkg-deb", "dpkg")],
  "the package has its files, with their modes and owners, and says what it is",
  async () => {
    using made = new Package();
    const path = await made.build("one", "--target", "aarch64-unknown-linux-gnu");
    assert.match(path, /\/ecowatt_\d+\.\d+\.\d+[^_]*_arm64\.deb$/);
    const { out: about } = await run(["--field", path], { program: ["dpkg-deb"] });
    assert.match(about, /^Package: ecowatt\nVersion: \d\S+\nArchitecture: arm64\n/);
    const { out } = await run(["--contents", path], { program: ["dpkg-deb"] });
    const files = out.trim().split("\n").map((line) => line.split(/\s+/)).map((part) =>
      `${part[0]} ${part[1]} ${part[5]}`
    );
    assert.deepEqual(files.filter((line) => !line.endsWith("/")), [
      "-rw-r--r-- root/root ./etc/default/ecowatt",
      "-rwxr-xr-x root/root ./usr/bin/ecowatt",
      "-rwxr-xr-x root/root ./usr/lib/ecowatt/boot-guard",
      "-rw-r--r-- root/root ./usr/lib/systemd/system/ecowatt.service",
      "-rw-r--r-- root/root ./usr/lib/sysusers.d/ecowatt.conf",
      "-rw-r--r-- root/root ./usr/share/bash-completion/completions/ecowatt",
      `-rw-r--r-- root/root ./usr/share/doc/ecowatt/${NOTICES}.gz`,
      "-rw-r--r-- root/root ./usr/share/doc/ecowatt/changelog.gz",
      "-rw-r--r-- root/root ./usr/share/doc/ecowatt/copyright",
      "-rw-r--r-- root/root ./usr/share/fish/vendor_completions.d/ecowatt.fish",
      "-rw-r--r-- root/root ./usr/share/lintian/overrides/ecowatt",
      "-rw-r--r-- root/root ./usr/share/man/man1/ecowatt.1.gz",
      "-rw-r--r-- root/root ./usr/share/zsh/vendor-completions/_ecowatt",
    ]);
    assert.ok(files.filter((line) => line.endsWith("/")).every((line) => line.startsWith("drwxr-xr-x root/root")));
    const { out: scripts } = await run(["--info", path, "conffiles", "preinst"], { program: ["dpkg-deb"] });
    assert.match(scripts, /^\/etc\/default\/ecowatt\n#!\/bin\/sh\nset -e\n.*DPKG_ROOT/);
  },
);

Deno.test("an executable without the notices of what it holds is not packed", async () => {
  using made = new Package();
  const executable = join(made.folder, "alone");
  Deno.writeTextFileSync(executable, "");
  const { code, err } = await run(["run", "-A", DEB, "--executable", executable, "--output", made.folder], {
    program: [Deno.execPath()],
  });
  assert.notEqual(code, 0);
  assert.match(err, /Cannot build the package: THIRD-PARTY-NOTICES\.txt is missing beside the executable/);
});

testWith(
  [program("lintian"), program("dpkg-deb", "dpkg")],
  "lintian finds nothing to mend in the package",
  async () => {
    using made = new Package();
    const { out, err } = await run([await made.build("one")], { program: ["lintian"] });
    assert.equal(out, "", err);
  },
);

Deno.test("the manual page has every command with its options, and nothing that troff takes for a request", () => {
  const page = manPage(buildProgram({ out: () => {}, err: () => {} }), { version: "1.2.3", date: "2026-06-21" });
  assert.match(page, /^\.TH ECOWATT 1 "2026-06-21" "ecowatt 1\.2\.3" /);
  assert.match(page, /^\.SS "ecowatt scan serial \[options\] \[port\]"\n(?:.+\n)+\.B \\-\\-units <ids>\n/m);
  for (const command of Object.keys(EXAMPLES)) {
    assert.ok(page.includes(`.SS "ecowatt ${command.replaceAll("-", "\\-")}`), command);
  }
  const requests = new Set([...page.matchAll(/^[.'](\S*)/gm)].map(([, request]) => request));
  assert.deepEqual([...requests].toSorted(), ["B", "I", "PP", "SH", "SS", "TH", "TP"]);
});

Deno.test("the newest section of the changelog is an entry that dpkg can read", () => {
  const facts = { version: "1.2.3", maintainer: "Test <test@example.invalid>", at: new Date("2026-06-21T11:00:00Z") };
  const words = "word ".repeat(30);
  const markdown =
    `# Changelog\n\n## 1.2.3\n\n### Added\n\n- One \`thing\`\n  ${words}\n- Another.\n\n### Fixed\n\n- A fault.\n\n## 1.2.2\n\n- Old.\n`;
  const entry = debianChangelog(markdown, facts);
  assert.match(entry, /^ecowatt \(1\.2\.3\) unstable; urgency=medium\n\n {2}\* Added: One thing word/);
  assert.match(
    entry,
    /\n {2}\* Added: Another\.\n {2}\* Fixed: A fault\.\n\n -- Test <test@example\.invalid> {2}Sun, 21 Jun 2026 11:00:00 \+0000\n$/,
  );
  assert.ok(!entry.includes("Old") && entry.split("\n").every((line) => line.length <= 78));
  assert.throws(() => debianChangelog("# Changelog\n", facts), /no section with items/);
});

testWith([program("shellcheck")], "the package's scripts are clean", async () => {
  const scripts = ["postinst", "prerm", "postrm"].map((name) =>
    fileURLToPath(new URL(`../../packaging/debian/${name}`, import.meta.url))
  );
  const { code, out } = await run(["--shell=sh", ...scripts], { program: ["shellcheck"] });
  assert.equal(code, 0, out);
});

const dpkgNeeds = [
  isRoot,
  ...["dpkg", "dpkg-deb"].map((name) => program(name, "dpkg")),
  program("systemd-sysusers", "systemd"),
];
testWith(
  dpkgNeeds,
  "dpkg installs it, an upgrade goes on trial, removal keeps the data, a purge does not",
  async () => {
    using made = new Package();
    const root = join(made.folder, "root");
    for (const path of ["var/lib/dpkg/info", "var/lib/dpkg/updates", "etc"]) {
      Deno.mkdirSync(join(root, path), {
        recursive: true,
      });
    }
    Deno.writeTextFileSync(join(root, "var/lib/dpkg/status"), "");
    const has = (path: string) =>
      run(["-c", `test -e ${join(root, path)}`], { program: ["sh"] }).then(({ code }) => code === 0);
    const dpkg = async (...args: string[]) => {
      const flags = [`--root=${root}`, "--force-script-chrootless", "--force-depends", "--log=/dev/null", ...args];
      const finished = await run(flags, { program: ["dpkg"] });
      assert.equal(finished.code, 0, finished.err);
      return finished.out;
    };
    const first = await made.build("one");
    assert.match(await dpkg("-i", first), /^done .*slots, the executable for the boot guard$/m);
    assert.equal(Deno.readLinkSync(join(root, "var/lib/ecowatt/slots/current")), "a");
    assert.match(await dpkg("-i", first), /^Everything is installed already\.$/m);
    assert.match(await dpkg("-i", await made.build("two")), /^done .*on trial/m);
    assert.match(Deno.readTextFileSync(join(root, "var/lib/ecowatt/slots/trial")), /^b [0-9a-f]{64} 3 600\n$/);
    await dpkg("-r", "ecowatt");
    assert.deepEqual(
      await Promise.all(["usr/bin/ecowatt", "etc/ecowatt/ecowatt.yaml", "var/lib/ecowatt/slots"].map(has)),
      [false, true, true],
    );
    await dpkg("-P", "ecowatt");
    assert.deepEqual(await Promise.all(["etc/ecowatt", "var/lib/ecowatt", "etc/default/ecowatt"].map(has)), [
      false,
      false,
      false,
    ]);
    assert.doesNotMatch(Deno.readTextFileSync(join(root, "etc/passwd")), /ecowatt/);
  },
);
