const HEAD = `# Decisions

What is not obvious from the code, each with its reasons, half a page. Numbers are given in blocks, one for each part of
the program, so that parts can be written side by side: what is missing between two numbers was never given.

Each has a status (\`Accepted\`, or \`Superseded by\` the number of the decision that took its place, \`in part\` where some
of it still holds), the date of its first version, and the parts Context, Decision and Consequences. What was decided once
stays written: a decision that changes is a new one, and the old one gets its number.
`;

/** The blocks of numbers, by the first number of each. */
const PARTS: readonly (readonly [first: number, part: string])[] = [
  [1, "The whole"],
  [10, "Signatures and digests"],
  [15, "Modbus"],
  [20, "Serial ports and the simulator"],
  [25, "Inverters"],
  [30, "ESP32 boards"],
  [35, "Blocks, outbox and uplink"],
  [40, "What the gateway takes and stores"],
  [50, "Commands, at the gateway"],
  [55, "Settings, at the gateway"],
  [60, "Commands, on the node"],
  [65, "Settings, on the node"],
  [70, "MQTT"],
  [80, "Firmware, at the gateway"],
  [85, "Updates, on the node"],
  [90, "Firmware and updates, since"],
  [95, "Documents"],
  [100, "Dashboard"],
  [110, "Home Assistant and energy"],
  [115, "States and metrics"],
  [120, "Service"],
  [125, "Tools"],
  [140, "The repository"],
];

/** What stands above the parts of a decision. Throws when it is not written like the others. */
export function decisionHead(text: string) {
  const [, number, title, status, date] =
    text.match(/^# (\d{3}): (.+)\n\n- Status: (.+)\n- Date: (\d{4}-\d{2}-\d{2})\n\n## Context\n/) ?? [];
  if (!number || !title || !status || !date) {
    throw new Error(`Cannot read the decision "${text.split("\n")[0]}": its head is not that of the others`);
  }
  return { number, title, status, date };
}

/** `docs/decisions/README.md` from the titles of the decisions in a folder. */
export async function decisionsPage(folder: URL): Promise<string> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) if (/^\d{3}-.*\.md$/.test(name)) names.push(name);
  const rows = await Promise.all(
    names.sort().map(async (name) => {
      const { title, status, date } = decisionHead(await Deno.readTextFile(new URL(name, folder)));
      const number = name.slice(0, 3);
      return { number: Number(number), line: `- [${number}](${name}) ${title} (${status}, ${date})` };
    }),
  );
  const parts = PARTS.map(([first, part], index) => {
    const end = PARTS[index + 1]?.[0] ?? Infinity;
    const lines = rows.filter(({ number }) => number >= first && number < end).map(({ line }) => line);
    return lines.length === 0 ? "" : `## ${part}\n\n${lines.join("\n")}\n`;
  });
  return [HEAD, ...parts.filter((text) => text !== "")].join("\n");
}
