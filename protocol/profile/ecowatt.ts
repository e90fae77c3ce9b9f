import { ecowattDocument } from "./ecowatt_document.ts";
import { compileDocument } from "./format/compile.ts";

/**
 * The ten-register inverter of the EcoWatt boards (profiles/ecowatt/profile.yaml), one holding register each from address 0.
 * Its id is older than fingerprints and has none.
 */
export const ecowattKind = compileDocument(ecowattDocument);
export const [{ profile: ecowatt }] = ecowattKind.maps;

/** The registers an EcoWatt board uploads, in the order of its frames. */
export const boardRegisters: readonly string[] = ["Vac1", "Iac1", "Ipv1", "Pac", "Ipv2", "Temp"];
