/** What of an entry is not in its text. */
interface ChangelogFacts {
  /** As Debian writes it. */
  readonly version: string;
  readonly maintainer: string;
  readonly at: Date;
}

const WIDTH = 76;
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The newest section of CHANGELOG.md as an entry of deb-changelog(5), each change with its kind. Throws when there is none. */
export function debianChangelog(markdown: string, { version, maintainer, at }: ChangelogFacts): string {
  const newest = markdown.split(/^## .*$/m)[1] ?? "";
  const items = newest.split(/^### /m).flatMap((group) => {
    const [kind = "", ...changes] = group.split(/^- /m);
    return changes.map((change) => sentence(`${kind.trim()}: ${change}`));
  });
  if (items.length === 0) {
    throw new Error("Cannot make the package's changelog: CHANGELOG.md has no section with items");
  }
  const body = items.map((item) => wrapped(`* ${item}`, "  ", "    ")).join("\n");
  return `ecowatt (${version}) unstable; urgency=medium\n\n${body}\n\n -- ${maintainer}  ${rfc5322(at)}\n`;
}

function sentence(markdown: string): string {
  return markdown.replace(/^: /, "").replaceAll("`", "").replace(/\s+/g, " ").trim();
}

function wrapped(text: string, first: string, others: string): string {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && line.length + word.length >= WIDTH) {
      lines.push(line.trimEnd());
      line = others;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()].join("\n");
}

function rfc5322(at: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const time = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(":");
  const date = `${two(at.getUTCDate())} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
  return `${DAYS[at.getUTCDay()]}, ${date} ${time} +0000`;
}
