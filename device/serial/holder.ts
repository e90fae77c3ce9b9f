/** Who else has a device open, for people: `mbpoll (pid 4711)`; `undefined` when /proc does not tell. */
export function holderOf(path: string): string | undefined {
  try {
    const device = Deno.realPathSync(path);
    for (const { name: pid } of Deno.readDirSync("/proc")) {
      if (!/^\d+$/.test(pid) || !holds(pid, device)) continue;
      if (Number(pid) === Deno.pid) return "this program";
      return `${commandOf(pid)} (pid ${pid})`;
    }
  } catch {
    // Only a courtesy: the message is clear without it.
  }
  return undefined;
}

/** Its name; Deno lets a program read it only with all permissions. */
function commandOf(pid: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/comm`).trim();
  } catch {
    return "another program";
  }
}

/** Whether a process has this device open; another user's process cannot be looked into. */
function holds(pid: string, device: string): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    for (const { name } of Deno.readDirSync(folder)) {
      if (linkTarget(`${folder}/${name}`) === device) return true;
    }
  } catch {
    // not ours to see, or gone meanwhile
  }
  return false;
}

function linkTarget(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}
