import assert from "node:assert/strict";
import { join } from "node:path";
import { requireFree } from "../../../../cli/service/init/place.ts";
import { type Finished, run } from "../../../e2e/process.ts";
import { program, testWith } from "../../../needs.ts";

const systemd = [program("systemctl", "systemd"), program("systemd-sysusers", "systemd")];

/** The root of a system image, and an executable for it. */
class Image implements Disposable {
  readonly root = Deno.makeTempDirSync({ prefix: "ecowatt-image-" });
  readonly executable = `${this.root}.ecowatt`;

  constructor() {
    Deno.mkdirSync(join(this.root, "etc"));
    this.bring("1");
  }

  /** Another executable is there to be installed. */
  bring(words: string): void {
    Deno.writeTextFileSync(this.executable, `#!/bin/sh\necho ${words}\n`, { mode: 0o755 });
  }

  write(path: string, text: string | Uint8Array): void {
    const to = join(this.root, path);
    Deno.mkdirSync(join(to, ".."), { recursive: true });
    Deno.writeFileSync(to, typeof text === "string" ? new TextEncoder().encode(text) : text);
  }

  text(path: string): string {
    return Deno.readTextFileSync(join(this.root, path));
  }

  has(path: string): boolean {
    try {
      return Deno.lstatSync(join(this.root, path)) !== undefined;
    } catch {
      return false;
    }
  }

  install(...flags: string[]): Promise<Finished> {
    return run(["install", "--root", this.root, "--executable", this.executable, ...flags]);
  }

  uninstall(...flags: string[]): Promise<Finished> {
    return run(["uninstall", "--root", this.root, ...flags]);
  }

  /** Every file and folder with its mode. */
  modes(): Record<string, string> {
    const found: Record<string, string> = {};
    const look = (path: string) => {
      for (const { name, isDirectory, isSymlink } of Deno.readDirSync(join(this.root, path))) {
        const inner = `${path}/${name}`;
        found[inner] = isSymlink
          ? `-> ${Deno.readLinkSync(join(this.root, inner))}`
          : ((Deno.statSync(join(this.root, inner)).mode ?? 0) & 0o777).toString(8);
        if (isDirectory) look(inner);
      }
    };
    look("");
    return found;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
    Deno.removeSync(this.executable);
  }
}

testWith(
  systemd,
  "an image gets user, folders, configuration, executable, boot guard and unit, with their modes",
  async () => {
    using image = new Image();
    const { code, out, err } = await image.install();
    assert.equal(code, 0, err);
    assert.doesNotMatch(out, /unchanged/);
    assert.partialDeepStrictEqual(image.modes(), {
      "/usr/local/bin/ecowatt": "755",
      "/usr/local/lib/ecowatt/boot-guard": "755",
      "/etc/systemd/system/ecowatt.service": "644",
      "/etc/systemd/system/multi-user.target.wants/ecowatt.service": "-> /etc/systemd/system/ecowatt.service",
      "/etc/ecowatt": "750",
      "/etc/ecowatt/ecowatt.yaml": "640",
      "/var/lib/ecowatt": "700",
      "/var/lib/ecowatt/slots/current": "-> a",
      "/var/lib/ecowatt/slots/a/ecowatt": "700",
    });
    assert.match(image.text("etc/passwd"), /^ecowatt:x:\d+:\d+:EcoWatt:\/var\/lib\/ecowatt:\/usr\/sbin\/nologin$/m);
    assert.match(image.text("etc/group"), /^dialout:x:\d+:ecowatt$/m);
    assert.match(
      image.text("etc/systemd/system/ecowatt.service"),
      /^ExecStart=\/usr\/local\/lib\/ecowatt\/boot-guard /m,
    );
    const checked = await run(["check", "--config", join(image.root, "etc/ecowatt/ecowatt.yaml")]);
    assert.equal(checked.code, 0, checked.err);
  },
);

testWith(
  systemd,
  "a second installation changes nothing and says so, also when the configuration was edited",
  async () => {
    using image = new Image();
    await image.install();
    image.write("etc/ecowatt/ecowatt.yaml", "gateway: { port: 9090 }\n");
    const before = image.modes();
    const again = await image.install();
    assert.match(again.out, /\nEverything is installed already\.\n$/);
    assert.doesNotMatch(again.out, /^(done|would do)/m);
    assert.deepEqual(image.modes(), before);
    assert.equal(image.text("etc/ecowatt/ecowatt.yaml"), "gateway: { port: 9090 }\n");
  },
);

testWith(
  systemd,
  "init takes the place of the configuration that came with the installation, and of no other",
  async () => {
    using image = new Image();
    await image.install();
    const config = join(image.root, "etc/ecowatt/ecowatt.yaml");
    await requireFree(config, false);
    Deno.writeTextFileSync(config, "# mine\n", { append: true });
    await assert.rejects(requireFree(config, false), /is there already/);
  },
);

testWith(systemd, "what was damaged is mended, and nothing else is touched", async () => {
  using image = new Image();
  await image.install();
  image.write("usr/local/lib/ecowatt/boot-guard", "damaged");
  Deno.chmodSync(join(image.root, "etc/ecowatt"), 0o755);
  const { out } = await image.install("--json");
  const taken: { what: string; outcome: string }[] = JSON.parse(out);
  const done = taken.filter(({ outcome }) => outcome !== "unchanged").map(({ what }) => what.replace(image.root, ""));
  assert.deepEqual(done, ["/usr/local/lib/ecowatt/boot-guard, mode 0755", "/etc/ecowatt/, mode 0750"]);
});

testWith(systemd, "a dry run says what would be done and does nothing", async () => {
  using image = new Image();
  const { code, out } = await image.install("--dry-run");
  assert.equal(code, 0);
  assert.equal(out.match(/^would do /gm)?.length, 10);
  assert.deepEqual(image.modes(), { "/etc": "755" });
});

testWith(systemd, "another executable goes into the slot that does not run, and has to prove itself", async () => {
  using image = new Image();
  await image.install();
  image.bring("2");
  const { out } = await image.install();
  assert.match(out, /^done +\S+slots, .*\(on trial: the old one runs again when this one does not prove itself\)$/m);
  assert.match(image.text("var/lib/ecowatt/slots/trial"), /^b [0-9a-f]{64} 3 600\n$/);
  assert.equal(image.text("var/lib/ecowatt/slots/b/ecowatt"), "#!/bin/sh\necho 2\n");
  assert.equal(Deno.readLinkSync(join(image.root, "var/lib/ecowatt/slots/current")), "a");
  assert.match((await image.install()).out, /Everything is installed already/);
});

testWith(systemd, "uninstall keeps configuration and data, and removes them for --purge --yes only", async () => {
  using image = new Image();
  await image.install();
  image.write("var/lib/ecowatt/gateway/gateway.sqlite", "samples");
  assert.equal((await image.uninstall()).code, 0);
  for (
    const path of ["usr/local/bin/ecowatt", "etc/systemd/system/ecowatt.service", "usr/local/lib/ecowatt/boot-guard"]
  ) {
    assert.equal(image.has(path), false, path);
  }
  assert.equal(image.has("etc/systemd/system/multi-user.target.wants/ecowatt.service"), false);
  const refused = await image.uninstall("--purge");
  assert.equal(refused.code, 2);
  assert.match(refused.err, /etc\/ecowatt and .*var\/lib\/ecowatt, with all keys and samples: add --yes/);
  assert.ok(image.has("var/lib/ecowatt/gateway/gateway.sqlite") && image.has("etc/ecowatt/ecowatt.yaml"));
  assert.match((await image.uninstall()).out, /^Nothing is installed\.$/m);
  const purged = await image.uninstall("--purge", "--yes");
  assert.equal(purged.code, 0, purged.err);
  assert.equal(image.has("var/lib/ecowatt") || image.has("etc/ecowatt"), false);
  assert.doesNotMatch(image.text("etc/passwd"), /ecowatt/);
});

const REFUSED: readonly (readonly [name: string, prepare: (image: Image) => void, flags: string[], said: RegExp])[] = [
  [
    "a unit of the name that is somebody else's",
    (image) => image.write("etc/systemd/system/ecowatt.service", "[Service]\nExecStart=/bin/other\n"),
    [],
    /etc\/systemd\/system\/ecowatt\.service is not of EcoWatt/,
  ],
  [
    "the unit of the Debian package",
    (image) => image.write("usr/lib/systemd/system/ecowatt.service", "# EcoWatt's unit; and more\n"),
    [],
    /installed as a Debian package/,
  ],
  [
    "an image of a 32-bit system",
    (image) => {
      Deno.copyFileSync(Deno.execPath(), image.executable);
      const shell = Deno.readFileSync(Deno.execPath()).slice(0, 64);
      shell[4] = 1; // ELFCLASS32
      image.write("bin/sh", shell);
    },
    [],
    /its programs are for another kind of machine .* which needs a 64-bit system/,
  ],
  ["a text for an executable", (image) => Deno.writeTextFileSync(image.executable, "hello"), [], /it is no program/],
];
for (const [name, prepare, flags, said] of REFUSED) {
  Deno.test(`installing over ${name} is refused, and nothing is changed`, async () => {
    using image = new Image();
    prepare(image);
    const before = image.modes();
    const { code, err } = await image.install(...flags);
    assert.equal(code, 1);
    assert.match(err, said);
    assert.deepEqual(image.modes(), before);
  });
}

Deno.test("a root that is not there is named", async () => {
  using image = new Image();
  const root = join(image.root, "missing");
  const { code, err } = await run(["install", "--root", root, "--executable", image.executable]);
  assert.deepEqual([code, err], [2, `ecowatt: --root: there is no folder ${root}\n`]);
});
