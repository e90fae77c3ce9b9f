import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { program, testWith } from "../needs.ts";
import { run, until } from "./process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { SystemdBox, systemdBoxes } from "./systemd_box.ts";

const DEB = fileURLToPath(new URL("../../packaging/deb.ts", import.meta.url));
const executable = Deno.env.get("ECOWATT_BIN") ?? "";
const compiled = { what: "ECOWATT_BIN, the compiled executable", met: executable !== "" };

/** What a newcomer does after the installation, with a simulated inverter; and quicker times for the test. */
const BOTH_ROLES = `
  systemd-run -q --unit=inverter /usr/local/bin/ecowatt simulate --port 5020 --http-port 8090
  systemctl stop ecowatt
  timeout 60 sh -c 'until /usr/local/bin/ecowatt read "tcp://127.0.0.1:5020?unit=17" >/dev/null 2>&1; do sleep 0.1; done'
  /usr/local/bin/ecowatt init --yes --role both --inverter "tcp://127.0.0.1:5020?unit=17"
  mkdir -p /etc/systemd/system/ecowatt.service.d
  printf '[Service]\\nWatchdogSec=6\\nTimeoutAbortSec=1\\nRestartSec=100ms\\n' > /etc/systemd/system/ecowatt.service.d/quick.conf
  systemctl daemon-reload
  systemctl start ecowatt`;

/** An update that cannot run, but can be staged. */
const BROKEN = `#!/bin/sh
case $1 in stage | version) exec /opt/ecowatt "$@" ;; esac
echo cannot find my libraries >&2
exit 1
`;

const SLOT_A = /\/var\/lib\/ecowatt\/slots\/a\/ecowatt$/;
const WORKS = /^gateway on http:\/\/127\.0\.0\.1:8080; 1 inverter ok, \d+ waiting, gateway reached \d+ s ago$/;

testWith(
  [compiled, systemdBoxes()],
  "installed under a real systemd: it runs confined, is watched, goes back, and is gone again",
  async (t) => {
    await using box = await SystemdBox.boot(executable);
    const show = (property: string) => box.sh(`systemctl show -P ${property} ecowatt`);
    const works = (restarts: number) =>
      until(
        `a service that works after ${restarts} restarts`,
        async () =>
          Number(await show("NRestarts")) >= restarts && WORKS.test(await show("StatusText")) ? true : undefined,
      );

    await t.step("who is not root is told so, and where systemd does not run nothing is installed", async () => {
      const user = await box.run("setpriv", "--reuid=65534", "--clear-groups", "/opt/ecowatt", "install");
      assert.deepEqual([user.code, user.err], [
        1,
        "ecowatt: Only root can change the services of this machine: use sudo\n",
      ]);
      const without = await box.run("unshare", "-m", "sh", "-c", "mount -t tmpfs t /run; exec /opt/ecowatt install");
      assert.deepEqual([without.code, without.out], [1, ""]);
      assert.match(without.err, /does not run systemd/);
    });

    await t.step("install makes it a service that runs; again, and it changes nothing", async () => {
      assert.match(await box.sh("/opt/ecowatt install"), /^done +ecowatt\.service runs$/m);
      assert.equal(await show("ActiveState"), "active");
      const pid = await show("MainPID");
      assert.match(await box.sh("/opt/ecowatt install"), /\nEverything is installed already\.$/);
      assert.equal(await show("MainPID"), pid);
    });

    await t.step("it runs from its slot, as its user, without any privilege", async () => {
      const pid = await show("MainPID");
      assert.match(await box.sh(`readlink /proc/${pid}/exe`), SLOT_A);
      const status = await box.sh(`cat /proc/${pid}/status`);
      const uid = await box.sh("id -u ecowatt");
      assert.match(status, new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s`, "m"));
      assert.match(status, /^CapBnd:\s+0+$/m);
      assert.match(status, /^NoNewPrivs:\s+1$/m);
      assert.match(status, /^Seccomp:\s+2$/m);
    });

    await t.step("of the devices it has the serial ports and the harmless ones, also as root", async () => {
      // Whatever a process in the service's group opens goes through the kernel's filter of the unit.
      const opened = await box.sh(`
        mknod /run/kmsg c 1 11; mknod /run/serial c 4 64; mknod /run/zero c 1 5
        try() { for one in kmsg serial zero; do dd if=/run/$one of=/dev/null bs=1 count=1 iflag=nonblock 2>&1 | head -n 1; done; }
        try >/run/outside
        echo $$ > "/sys/fs/cgroup$(systemctl show -P ControlGroup ecowatt)/cgroup.procs"
        try; cat /run/outside`);
      const [kernel, serial, zero, ...outside] = opened.split("\n");
      assert.match(kernel ?? "", /Operation not permitted/);
      assert.ok(
        [serial, zero, ...outside].every((line) => line !== undefined && !line.includes("not permitted")),
        opened,
      );
      assert.equal(outside.length, 3);
    });

    await t.step(
      "both roles work under the confinement; the tail is in memory; the journal knows severities",
      async () => {
        await box.sh(BOTH_ROLES);
        await works(0);
        assert.equal(await box.sh("ls /run/ecowatt/node"), "node.tail");
        const doctor = await box.run("/usr/local/bin/ecowatt", "doctor");
        assert.equal(doctor.code, 0, doctor.out);
        const entries = await box.sh("journalctl -u ecowatt -o json --no-pager");
        const entry = entries.split("\n").map((line) => JSON.parse(line))
          .find(({ MESSAGE }) => String(MESSAGE).includes("node started"));
        assert.deepEqual([entry.PRIORITY, entry.SYSLOG_IDENTIFIER, entry.MESSAGE.slice(0, 6)], [
          "6",
          "ecowatt",
          "node: ",
        ]);
      },
    );

    await t.step("one that stands still is killed by the watchdog and works again", async () => {
      await box.sh("kill -STOP $(systemctl show -P MainPID ecowatt)");
      await works(1);
      assert.match(await box.sh("journalctl -u ecowatt --no-pager"), /Watchdog timeout/);
    });

    await t.step("an update that cannot run is tried three times, and the old one works again", async () => {
      await box.sh(`cat > /tmp/broken <<'END'\n${BROKEN}END\nchmod 755 /tmp/broken`);
      assert.match(await box.sh("/opt/ecowatt install --executable /tmp/broken"), /on trial/);
      await until("the way back", async () =>
        (await box.run("journalctl", "-u", "ecowatt", "--no-pager")).out.includes(
            "rolled back: 3 failures, the last: exit 1",
          )
          ? true
          : undefined);
      await works(0);
      assert.match(await box.sh("readlink /proc/$(systemctl show -P MainPID ecowatt)/exe"), SLOT_A);
      assert.equal((await box.run("test", "-e", "/var/lib/ecowatt/slots/trial")).code, 1);
    });

    await t.step("an update that runs is ready, and feeds the watchdog, as the boot guard's child", async () => {
      await box.sh(`printf '#!/bin/sh\\nexec /opt/ecowatt "$@"\\n' > /tmp/good; chmod 755 /tmp/good`);
      assert.match(await box.sh("/opt/ecowatt install --executable /tmp/good"), /on trial/);
      await works(0);
      const pid = await show("MainPID");
      assert.match(
        await box.sh(`tr '\\0' ' ' < /proc/${pid}/cmdline`),
        /^\/bin\/sh \/usr\/local\/lib\/ecowatt\/boot-guard /,
      );
      const started = Number(await show("ActiveEnterTimestampMonotonic"));
      const fed = async () => Number(await show("WatchdogTimestampMonotonic")) - started > 7_000_000 ? true : undefined;
      await until("a watchdog that was fed beyond its time", fed);
      assert.deepEqual([await show("MainPID"), await show("NRestarts")], [pid, "0"]);
      assert.match(await box.sh("cat /var/lib/ecowatt/slots/trial"), /^b /);
    });

    await t.step("uninstall --purge --yes leaves nothing", async () => {
      await box.sh("/opt/ecowatt uninstall --purge --yes");
      assert.equal(await show("LoadState"), "not-found");
      assert.equal(
        await box.sh("ls -d /etc/ecowatt /var/lib/ecowatt /usr/local/bin/ecowatt /run/ecowatt 2>/dev/null || true"),
        "",
      );
      assert.equal((await box.run("id", "ecowatt")).code, 1);
    });
  },
);

const packaging = [compiled, systemdBoxes(), program("dpkg-deb", "dpkg")];
testWith(
  packaging,
  "the package under a real systemd: it runs, an upgrade is on trial, a stop is respected, a purge leaves nothing",
  async () => {
    await using folder = await temporaryDirectory();
    await using box = await SystemdBox.boot(executable);
    const show = (property: string) => box.sh(`systemctl show -P ${property} ecowatt`);
    const install = async (build: string) => {
      const path = join(folder.path, build);
      await Deno.writeTextFile(path, `#!/bin/sh\n# ${build}\nexec /opt/ecowatt "$@"\n`, { mode: 0o755 });
      await Deno.copyFile(
        join(dirname(executable), "THIRD-PARTY-NOTICES.txt"),
        join(folder.path, "THIRD-PARTY-NOTICES.txt"),
      );
      const made = await run(["run", "-A", DEB, "--executable", path, "--output", folder.path], {
        program: [Deno.execPath()],
      });
      await box.put(made.out.trim(), "/tmp/ecowatt.deb");
      return await box.sh("dpkg --force-depends -i /tmp/ecowatt.deb");
    };
    assert.match(await install("one"), /^done +ecowatt\.service runs$/m);
    assert.equal(await show("ActiveState"), "active");
    assert.match(await install("two"), /^done +ecowatt\.service runs$/m);
    assert.equal(await show("StatusText"), "gateway on http://127.0.0.1:8080");
    assert.match(await box.sh("cat /var/lib/ecowatt/slots/trial"), /^b /);
    await box.sh("systemctl disable -q --now ecowatt");
    assert.doesNotMatch(await install("three"), /ecowatt\.service/);
    assert.deepEqual([await show("ActiveState"), await show("UnitFileState")], ["inactive", "disabled"]);
    await box.sh("dpkg -P ecowatt");
    assert.equal(await show("LoadState"), "not-found");
    assert.equal(await box.sh("ls -d /etc/ecowatt /var/lib/ecowatt /usr/bin/ecowatt 2>/dev/null || true"), "");
    assert.equal((await box.run("id", "ecowatt")).code, 1);
  },
);
