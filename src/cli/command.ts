/** One command of `farebox`; gives the exit code. */
export interface Command {
  readonly summary: string
  run(args: readonly string[]): Promise<number> | number
}
