import { type Place, quoted } from "./places.ts";

/** The completion for bash: data in `case`, so that nothing has to be started at a press of the key. */
export function bashCompletion(places: readonly Place[]): string {
  const paths = places.filter(({ path }) => path !== "").map(({ path }) => quoted(path)).join(" | ");
  const valued = places.flatMap(({ path, options }) =>
    options.filter(({ takesValue }) => takesValue)
      .map(({ word, values }) => `    ${quoted(`${path} ${word}`)}) words=${quoted(values.join(" "))} ;;`)
  );
  const words = places.map(({ path, commands, options }) =>
    `      ${quoted(path)}) words=${quoted(commands.map(({ word }) => word).join(" "))} options=${
      quoted(options.map(({ word }) => word).join(" "))
    } ;;`
  );
  return `# bash completion for ecowatt, made by: ecowatt completion bash
_ecowatt() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path='' words='' options='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path/\${COMP_WORDS[i]}" in
      ${paths}) path="$path/\${COMP_WORDS[i]}" ;;
    esac
  done
  COMPREPLY=()
  case "$path \${COMP_WORDS[COMP_CWORD - 1]}" in
${valued.join("\n")}
    *)
      case "$path" in
${words.join("\n")}
      esac
      if [[ $cur == -* ]]; then words=$options; fi
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o default -F _ecowatt ecowatt
`;
}
