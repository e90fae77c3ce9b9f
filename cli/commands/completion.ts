import { Argument, type Command } from "commander";
import { bashCompletion } from "../completion/bash.ts";
import { fishCompletion } from "../completion/fish.ts";
import { type Place, placesOf } from "../completion/places.ts";
import { zshCompletion } from "../completion/zsh.ts";
import type { Terminal } from "../output.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = typeof SHELLS[number];

const MAKE: Record<Shell, (places: readonly Place[]) => string> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** Completion of the command line by the shell. */
export function addCompletion(program: Command, terminal: Terminal): void {
  program.command("completion")
    .description("print the completion script of a shell")
    .addArgument(new Argument("<shell>").choices(SHELLS))
    .addHelpText(
      "after",
      `
To have it always:
  bash:  ecowatt completion bash | sudo tee /usr/share/bash-completion/completions/ecowatt
  zsh:   ecowatt completion zsh > "\${fpath[1]}/_ecowatt"
  fish:  ecowatt completion fish > ~/.config/fish/completions/ecowatt.fish`,
    )
    .action((shell: Shell) => terminal.out(MAKE[shell](placesOf(program)).trimEnd()));
}
