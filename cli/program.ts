import { Command, CommanderError } from "commander";

/** Runs one command line; returns the exit code (0 done, 1 failed, 2 usage, 3 unreachable). */
export async function main(args: readonly string[]): Promise<number> {
  const program = new Command("ecowatt").exitOverride();
  try {
    await program.parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}
