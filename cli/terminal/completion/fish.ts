import type { OptionWord, Place, Word } from "./places.ts";

/** The completion for fish. */
export function fishCompletion(places: readonly Place[]): string {
  const paths = places.filter(({ path }) => path !== "").map(({ path }) => fishQuoted(path)).join(" ");
  const lines = places.flatMap(({ path, commands, options }) => [
    ...commands.map((word) => commandLine(path, word)),
    ...options.map((option) => optionLine(path, option)),
  ]);
  return `# fish completion for ecowatt, made by: ecowatt completion fish
function __ecowatt_at
    set -l where ''
    for word in (commandline -opc)[2..-1]
        switch "$where/$word"
            case ${paths}
                set where "$where/$word"
        end
    end
    test "$where" = "$argv[1]"
end
${lines.join("\n")}
`;
}

function at(path: string): string {
  return `complete -c ecowatt -n ${fishQuoted(`__ecowatt_at "${path}"`)}`;
}

function commandLine(path: string, { word, about }: Word): string {
  return `${at(path)} -f -a ${word} -d ${fishQuoted(about)}`;
}

function optionLine(path: string, { word, about, takesValue, values }: OptionWord): string {
  const value = values.length > 0 ? ` -x -a ${fishQuoted(values.join(" "))}` : takesValue ? " -r" : "";
  return `${at(path)} -l ${word.slice(2)}${value} -d ${fishQuoted(about)}`;
}

/** fish has \\' within single quotes. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
