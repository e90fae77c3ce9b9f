import { Argument, type Command } from "commander";
import { bashCompletion } from "../terminal/completion/bash.ts";
import { fishCompletion } from "../terminal/completion/fish.ts";
import { type Place, placesOf } from "../terminal/completion/places.ts";
import { zshCompletion } from "../terminal/completion/zsh.ts";
import type { Terminal } from "../terminal/output.ts";

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
