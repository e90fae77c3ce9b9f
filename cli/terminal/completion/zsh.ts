import { type Place, quoted, type Word } from "./places.ts";

/** The completion for zsh. */
export function zshCompletion(places: readonly Place[]): string {
  const paths = places.filter(({ path }) => path !== "").map(({ path }) => quoted(path)).join(" | ");
  const valued = places.flatMap(({ path, options }) =>
    options.filter(({ takesValue }) => takesValue).map(({ word, values }) =>
      `    ${quoted(`${path} ${word}`)}) ${
        values.length === 0 ? "_files" : `compadd -- ${values.map(quoted).join(" ")}`
      }; return ;;`
    )
  );
  const words = places.map(({ path, commands, options }) =>
    `    ${quoted(path)}) commands=(${described(commands)}) options=(${described(options)}) ;;`
  );
  return `#compdef ecowatt
# zsh completion for ecowatt, made by: ecowatt completion zsh
_ecowatt() {
  local where='' i
  local -a commands options
  for ((i = 2; i < CURRENT; i++)); do
    case "$where/\${words[i]}" in
      ${paths}) where="$where/\${words[i]}" ;;
    esac
  done
  case "$where \${words[CURRENT-1]}" in
${valued.join("\n")}
  esac
  case "$where" in
${words.join("\n")}
  esac
  if [[ $PREFIX == -* ]]; then _describe option options
  elif (( \${#commands} )); then _describe command commands
  else _files
  fi
}
if [[ \${funcstack[1]} == _ecowatt ]]; then _ecowatt "$@"; else compdef _ecowatt ecowatt; fi
`;
}

function described(words: readonly Word[]): string {
  return words.map(({ word, about }) => quoted(`${word.replaceAll(":", "\\:")}:${about}`)).join(" ");
}
