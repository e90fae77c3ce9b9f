import { fileURLToPath } from "node:url";
import type { Need } from "../needs.ts";
import { type Finished, run, type Running, start, until } from "./process.ts";

const BOOT = fileURLToPath(new URL("./systemd_box.sh", import.meta.url));
const NAMESPACES = ["--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup"];
const CLEAN = ["-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "NO_COLOR=1"];

/** Whether this machine lets a test boot systemd in namespaces of its own. */
export function systemdBoxes(): Need {
  return { what: "root that may make namespaces and mounts, and systemd", met: Deno.uid() === 0 && canMount() };
}

function canMount(): boolean {
  const script = `set -e; test -x /usr/lib/systemd/systemd; mount --make-rprivate /; t=$(mktemp -d); mount -t tmpfs t $t
    mkdir $t/u $t/w $t/r $t/c; mount -t overlay -o lowerdir=/,upperdir=$t/u,workdir=$t/w o $t/r; mount -t cgroup2 c $t/c
    umount $t/c $t/r; umount $t; rmdir $t`;
  try {
    return new Deno.Command("unshare", {
      args: [...NAMESPACES, "--fork", "sh", "-c", script],
      stdout: "null",
      stderr: "null",
    }).outputSync().success;
  } catch {
    return false; // no such program
  }
}

/** A machine on which systemd is process 1: the product under test is /opt/ecowatt in it. */
export class SystemdBox implements AsyncDisposable {
  readonly #folder = Deno.makeTempDirSync({ prefix: "ecowatt-box-" });
  readonly #group = `${unifiedCgroups()}/ecowatt-box-${crypto.randomUUID()}`;
  readonly #unshare: Running;
  #init = 0;

  private constructor(executable: string) {
    Deno.mkdirSync(this.#group);
    const enter = `echo $$ > ${this.#group}/cgroup.procs && exec "$@"`;
    const boot = ["unshare", ...NAMESPACES, "--fork", "--kill-child", BOOT, this.#folder, executable];
    this.#unshare = start(boot, { program: ["sh", "-c", enter, "sh"] });
  }

  /** Boots it. */
  static async boot(executable: string): Promise<SystemdBox> {
    const box = new SystemdBox(executable);
    try {
      await until("systemd", async () => {
        const { out } = await run(["-P", String(box.#unshare.pid)], { program: ["pgrep"] });
        box.#init = Number(out.trim());
        return box.#init > 0 && (await box.run("systemctl", "is-active", "basic.target")).code === 0 ? true : undefined;
      });
      return box;
    } catch (error) {
      const said = box.#unshare.err();
      await box[Symbol.asyncDispose]();
      throw new Error(`systemd did not boot: ${said}`, { cause: error });
    }
  }

  /** Runs a program in it as root. */
  run(...args: string[]): Promise<Finished> {
    const enter = ["-t", String(this.#init), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w"];
    return run([...enter, "/usr/bin/env", ...CLEAN, ...args], { program: ["nsenter"] });
  }

  /** Runs a script in it; throws when it fails. What it printed. */
  async sh(script: string): Promise<string> {
    const { code, out, err } = await this.run("sh", "-ec", script);
    if (code !== 0) throw new Error(`${script}\nexit code ${code}: ${out}${err}`);
    return out.trim();
  }

  /** Puts a file into it. */
  async put(from: string, to: string): Promise<void> {
    await Deno.copyFile(from, `/proc/${this.#init}/root${to}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#unshare.kill("SIGKILL"); // which takes process 1 of the namespace along, and all others with it
    await until("the end of the box", async () => {
      const { code } = await run(["-c", `find ${this.#group} -depth -type d -exec rmdir {} +`], { program: ["sh"] });
      return code === 0 ? true : undefined;
    });
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Where the hierarchy of cgroups v2 is. */
function unifiedCgroups(): string {
  const mounts = Deno.readTextFileSync("/proc/mounts").split("\n").map((line) => line.split(" "));
  return mounts.find(([, , kind]) => kind === "cgroup2")?.[1] ?? "/sys/fs/cgroup";
}
