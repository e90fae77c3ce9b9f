/** What the process says to the shell. */
export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A command that ends here: its message is the one line that the user reads. */
export class CliFailure extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CliFailure";
    this.exitCode = exitCode;
  }
}

/** Wrong arguments or a wrong configuration file: exit code 2. */
export function usage(message: string): CliFailure {
  return new CliFailure(EXIT.usage, message);
}
