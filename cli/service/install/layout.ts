import { join } from "node:path";

/** Where everything of an installation is, below the root of a system. */
export interface Layout {
  /** The root: `/`, or the folder of an image that is being built. */
  readonly root: string;
  /** As the installed system sees it: `/usr/local`, or `/usr` for a package. */
  readonly prefix: string;
  readonly executable: string;
  readonly guard: string;
  readonly unit: string;
  /** What an administrator changed of the unit. */
  readonly dropIns: string;
  readonly sysusers: string;
  readonly configDir: string;
  readonly config: string;
  readonly dataDir: string;
}

/** The first words of our unit: one that does not have them is somebody else's. */
export const UNIT_MARK = "# EcoWatt's unit;";

/** What a Debian package brings itself lies where packages put it. */
export function layoutOf(root: string, packaged: boolean): Layout {
  const prefix = packaged ? "/usr" : "/usr/local";
  const at = (path: string) => join(root, path);
  return {
    root,
    prefix,
    executable: at(`${prefix}/bin/ecowatt`),
    guard: at(`${prefix}/lib/ecowatt/boot-guard`),
    unit: at(`${packaged ? "/usr/lib" : "/etc"}/systemd/system/ecowatt.service`),
    dropIns: at("/etc/systemd/system/ecowatt.service.d"),
    sysusers: at(packaged ? "/usr/lib/sysusers.d/ecowatt.conf" : "/etc/sysusers.d/ecowatt.conf"),
    configDir: at("/etc/ecowatt"),
    config: at("/etc/ecowatt/ecowatt.yaml"),
    dataDir: at("/var/lib/ecowatt"),
  };
}

/** Every place where systemd may find a unit of our name, the strongest first. */
export function unitPlaces(root: string): readonly string[] {
  return ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"]
    .map((folder) => join(root, folder, "ecowatt.service"));
}

/** The unit for executables below `prefix`. */
export function unitText(template: string, prefix: string): string {
  return template.replaceAll("@PREFIX@", prefix);
}
