import { StoreUnavailable } from '../ports/store.ts'
import { BadPricing } from '../pricing/load.ts'
import { BadSetting } from '../settings.ts'
import type { Command } from './command.ts'
import { exportLedger } from './ledger-export.ts'
import { verify } from './ledger-verify.ts'
import { isMisuse, Misused } from './misuse.ts'
import { wantsJson } from './output.ts'

const HELP = `usage: farebox ledger export [--since <time>] [--until <time>] [--format csv|ndjson]
       farebox ledger verify [--from-block <network>=<block>]... [--json]

export writes every entry of the ledger, oldest first, as it stands in the store.
  --since, --until   2026-01-31, 2026-01-31T12:00:00Z, or so long ago: 90s, 30m, 24h, 7d, 2w; until is not included
  --format           csv (RFC 4180, with a header; the default) or ndjson
  Amounts are in atomic units. In CSV a cell that a spreadsheet would run as a formula begins with an apostrophe.

verify holds the ledger against the chains, account by account and transfer by transfer.
  --from-block       where to begin on a network of the price list; by default at the ledger's first payment, and a day
                     back at the least
  --json             print JSON (as does output into a pipe)

Exit code: 0 all is well, 1 there is a difference or a part does not answer, 2 the command was misused.
`

const subcommands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  export: exportLedger,
  verify,
}

export const ledger: Command = {
  summary: 'export the ledger, or verify it against the chains',
  async run([name = '', ...args]) {
    if (name === '--help' || name === 'help' || args.includes('--help')) {
      process.stdout.write(HELP)
      return 0
    }
    const subcommand = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined
    try {
      if (!subcommand) throw new Misused(name ? `there is no "${name}"` : 'export or verify?')
      return await subcommand(args)
    } catch (error) {
      if (isMisuse(error)) {
        process.stderr.write(`farebox ledger: ${error.message}\n\n${HELP}`)
        return 2
      }
      if (!(error instanceof BadSetting || error instanceof BadPricing || error instanceof StoreUnavailable))
        throw error
      process.stderr.write(`farebox ledger: ${error.message}\n`)
      if (name === 'verify' && wantsJson(args))
        process.stdout.write(`${JSON.stringify({ ok: false, error: error.message })}\n`)
      return 1
    }
  },
}
