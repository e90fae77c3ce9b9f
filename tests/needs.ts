/** The shared reference material beside the checkout, where a test finds it. */
export const shared = new URL("../../shared/", import.meta.url);

/** What a test needs from the machine, and why it is skipped without it. */
export interface Need {
  readonly what: string;
  readonly met: boolean;
}

/** A program on the PATH (with Debian's package that brings it). */
export function program(name: string, debianPackage = name): Need {
  const met = (Deno.env.get("PATH") ?? "").split(":").some((folder) => exists(`${folder}/${name}`));
  return { what: `${name} (Debian: ${debianPackage})`, met };
}

/** A file of the reference material. */
export function reference(path: string): Need & { readonly url: URL } {
  const url = new URL(path, shared);
  return { what: `shared/${path}`, met: exists(url), url };
}

/** Registers a test that says which need is missing where it has to be skipped. */
export function testWith(
  needs: readonly Need[],
  name: string,
  body: (t: Deno.TestContext) => void | Promise<void>,
): void {
  const missing = needs.filter((need) => !need.met).map((need) => need.what);
  const label = missing.length === 0 ? name : `${name} (skipped: needs ${missing.join(", ")})`;
  Deno.test({ name: label, ignore: missing.length > 0, fn: body });
}

function exists(path: string | URL): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
