import { packTar } from "modern-tar";
import { utf8 } from "../crypto/bytes.ts";
import { scrub } from "./scrub.ts";

/** One text of a bundle. */
export interface BundleFile {
  readonly name: string;
  readonly text: string;
}

/** A gzipped tar of texts, each without its secrets. For what fits into memory. */
export async function packBundle(
  files: readonly BundleFile[],
  at: number,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const entries = files.map(({ name, text }) => {
    const body = utf8(scrub(text));
    return { header: { name: `ecowatt-support/${name}`, size: body.length, mode: 0o600, mtime: new Date(at) }, body };
  });
  return new Blob([await packTar(entries)]).stream().pipeThrough(new CompressionStream("gzip"));
}
