import type { Library } from "../../profiles/library.ts";
import type { DeviceKind } from "../../protocol/profile/format/compile.ts";

const HEAD = `# Devices

What the program knows, by what \`ecowatt profile list\` calls it. In a configuration: \`profile: <name>\` on an inverter,
meter or battery ([configuration](configuration.md)). SunSpec inverters need none of these: \`profile: sunspec\` finds their
map by itself.

**Status** says how sure it is: \`transcribed\` from documents and other programs, \`dumped\` compared with the registers of a
real device, \`proven\` with those of two owners. A control that nobody has tried on hardware is refused unless you insist.
`;

const OWN = `## Mine is not in the list

1. Take the profile that comes closest, or the example in [profiles](profiles.md), and write \`mine.yaml\` with a few
   registers of your manual. \`ecowatt profile check mine.yaml\` says what is wrong with it, with line and column.
2. \`ecowatt profile try mine.yaml tcp://192.168.1.20:502?unit=1\` reads the device by it and stores nothing. Compare with
   the display: a value that is far off is scaled wrong or has its words in the other order, one of the wrong sign needs
   the other \`positive\`.
3. Add \`fit\`: what your device answers and another does not. Until it has passed, nothing is stored.
4. \`ecowatt profile dump mine.yaml tcp://192.168.1.20:502 --out noon.yaml\` records its registers, without the serial
   number. Write under \`expect\` what the display showed, put it into \`dumps/\` beside the file, and
   \`ecowatt profile test ./mine.yaml\` shows whether the dump would catch the usual mistakes.
5. Put the file into \`/etc/ecowatt/profiles/\` and say \`profile: mine\`.
`;

/** The page of all devices of a library. */
export function devicesPage(library: Library): string {
  const kinds = library.names().map((name) => {
    const found = library.find(name);
    if (!found.ok) throw new Error(`Cannot make the page of devices: ${found.detail}`);
    return found.value;
  });
  const rows = kinds.map(({ document: { name, title, class: kind, status, confidence, link } }) =>
    `| [\`${name}\`](#${name}) | ${cell(title)} | ${kind} | ${link.transports.join(", ")} | ${status} | ${confidence} |`
  );
  const list = [
    "| name | device | class | transport | status | confidence |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
  ];
  return [HEAD, ...list, "", ...kinds.map(section), OWN].join("\n");
}

function section({ document, maps: [{ profile }] }: DeviceKind): string {
  const { name, title, maker, models, link, quirks, controls, sources, variants } = document;
  const read = [...profile.defaultRegisters, ...(profile.derived ?? []).map((one) => one.name)];
  const orders = Object.entries(controls).map(([control, { hardware }]) => `\`${control}\` (${hardware})`);
  const lines = [
    [`${title}${maker === undefined ? "" : `, by ${maker}`}`, models.length === 0 ? "" : `: ${models.join("; ")}`].join(
      "",
    ),
    `- Unit id ${[link.unit].flat().join(" or ")}; ${link.transports.join(", ")}${speedOf(link)}`,
    `- Reads ${read.map((one) => `\`${one}\``).join(", ")}`,
    ...(orders.length === 0 ? [] : [`- Can be told ${orders.join(", ")}`]),
    ...(variants === undefined
      ? []
      : [`- Variants, told by \`${variants.by}\`: ${Object.keys(variants.of).join(", ")}`]),
    ...quirks.map((quirk) => `- ${quirk}`),
    ...(sources.length === 0 ? [] : [`- Sources: ${sources.join("; ")}`]),
  ];
  const [first = "", ...rest] = lines.map(cell);
  return [`## ${name}`, "", first, "", ...rest, ""].join("\n");
}

function speedOf({ serial }: DeviceKind["document"]["link"]): string {
  return serial === undefined ? "" : `, ${serial.baud} baud, parity ${serial.parity}`;
}

/** What Markdown would take for something else. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*");
}
