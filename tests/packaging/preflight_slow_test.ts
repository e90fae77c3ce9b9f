import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { program, testWith } from "../needs.ts";
import { run } from "../e2e/process.ts";

const packaging = fileURLToPath(new URL("../../packaging/", import.meta.url));
const PREFLIGHT = join(packaging, "preflight");

/** A machine as `uname` and `getconf` tell it. */
interface Machine {
  readonly system?: string;
  readonly machine?: string;
  readonly bits?: number;
  readonly page?: number;
  readonly glibc?: string;
}

/** A folder with programs that tell of such a machine, for the PATH. */
function pretended(
  { system = "Linux", machine = "aarch64", bits = 64, page = 4096, glibc = "glibc 2.36" }: Machine,
): string {
  const folder = Deno.makeTempDirSync();
  const script = (name: string, body: string) =>
    Deno.writeTextFileSync(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  script("uname", `case $1 in -s) echo ${system} ;; -m) echo ${machine} ;; esac`);
  const libc = glibc === "" ? "exit 1" : `echo '${glibc}'`;
  script("getconf", `case $1 in LONG_BIT) echo ${bits} ;; PAGESIZE) echo ${page} ;; GNU_LIBC_VERSION) ${libc} ;; esac`);
  return folder;
}

async function preflight(machine: Machine) {
  const folder = pretended(machine);
  const finished = await run([], { program: [PREFLIGHT], env: { PATH: `${folder}:/usr/bin:/bin` } });
  Deno.removeSync(folder, { recursive: true });
  return finished;
}

const REFUSED: readonly (readonly [name: string, machine: Machine, said: RegExp])[] = [
  ["a Pi 5 with 16 KB pages", { page: 16_384 }, /16384 bytes.*\n.*config\.txt.*\n +kernel=kernel8\.img\n$/],
  ["an arm64 kernel with 64 KB pages", { page: 65_536 }, /65536 bytes/],
  ["a 32-bit kernel", { machine: "armv7l", bits: 32 }, /kernel is a 32-bit one \(armv7l\).*\n.*64-bit Raspberry Pi OS/],
  ["a first Pi", { machine: "armv6l", bits: 32 }, /armv6l/],
  ["a 32-bit PC", { machine: "i686", bits: 32 }, /i686/],
  ["a 32-bit system on a 64-bit kernel", { bits: 32 }, /system on it is a 32-bit one.*\n.*64-bit Raspberry Pi OS/],
  ["another processor", { machine: "riscv64" }, /riscv64/],
  ["another system", { system: "FreeBSD" }, /not Linux/],
  ["a system with musl", { glibc: "" }, /not the GNU one/],
  ["an old C library", { glibc: "glibc 2.24" }, /glibc 2\.24.*needs glibc 2\.27/],
];
for (const [name, machine, said] of REFUSED) {
  Deno.test(`${name} is refused, with the way out`, async () => {
    const { code, err } = await preflight(machine);
    assert.equal(code, 1);
    assert.match(err, /^EcoWatt cannot run here: /);
    assert.match(err, said);
  });
}

Deno.test("a 64-bit Pi and a PC are let through without a word", async () => {
  for (const machine of ["aarch64", "x86_64"]) {
    for (const glibc of ["glibc 2.27", "glibc 2.41", "glibc 2.40.9000"]) {
      assert.deepEqual(await preflight({ machine, glibc }), { code: 0, out: "", err: "" });
    }
  }
});

Deno.test("install.sh starts the program only where it can run, with the options given", async () => {
  const folder = pretended({});
  const executable = join(folder, "ecowatt");
  Deno.writeTextFileSync(executable, '#!/bin/sh\necho "ran $*"\n', { mode: 0o755 });
  const installer = (path: string) =>
    run([executable, "--no-start", "--root", "/x y"], {
      program: [join(packaging, "install.sh")],
      env: { PATH: `${path}:/usr/bin:/bin` },
    });
  assert.equal((await installer(folder)).out, "ran install --no-start --root /x y\n");
  const pages = pretended({ page: 16_384 });
  const refused = await installer(pages);
  assert.deepEqual([refused.code, refused.out], [1, ""]);
  for (const path of [folder, pages]) Deno.removeSync(path, { recursive: true });
});

testWith([program("shellcheck")], "the shell scripts are clean", async () => {
  const scripts = ["preflight", "install.sh", "boot-guard"].map((name) => join(packaging, name));
  const { code, out } = await run(["--severity=warning", "--shell=sh", ...scripts], { program: ["shellcheck"] });
  assert.equal(code, 0, out);
});
