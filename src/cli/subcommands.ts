import { isMisuse, Misused } from './misuse.ts'
import { wantsJson } from './output.ts'

export type Subcommand = (args: readonly string[]) => Promise<number>

export interface Subcommands {
  /** The command they belong to. */
  readonly of: string
  readonly help: string
  readonly all: Readonly<Record<string, Subcommand>>
  /** One line on what an operator can do something about; undefined for any other error, which is thrown. */
  readonly wordsOf: (error: unknown) => string | undefined
}

/** Runs the one that is meant. Exit code: the subcommand's own, 1 when it was stopped, 2 when it was misused. */
export async function runSubcommand(
  { of, help, all, wordsOf }: Subcommands,
  [name = '', ...args]: readonly string[],
): Promise<number> {
  if (name === '--help' || name === 'help' || args.includes('--help')) {
    process.stdout.write(help)
    return 0
  }
  const subcommand = Object.hasOwn(all, name) ? all[name] : undefined
  try {
    if (!subcommand) throw new Misused(name ? `there is no "${name}"` : `one of ${Object.keys(all).join(', ')}`)
    return await subcommand(args)
  } catch (error) {
    if (isMisuse(error)) {
      process.stderr.write(`farebox ${of}: ${error.message}\n\n${help}`)
      return 2
    }
    const said = wordsOf(error)
    if (said === undefined) throw error
    process.stderr.write(`farebox ${of}: ${said}\n`)
    if (wantsJson(args)) process.stdout.write(`${JSON.stringify({ ok: false, error: said })}\n`)
    return 1
  }
}
