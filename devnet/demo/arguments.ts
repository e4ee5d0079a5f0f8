import { parseArgs } from 'node:util'
import { BadArguments } from '../arguments.ts'

export const HELP = `Usage: npm run demo [-- options]

Starts local Base and Solana chains, an API and a gateway that sells it, lets agents buy calls from it with published
x402 clients, and shows what they sign, what they get and what it costs them. Stops everything when it is done.

  --json               print one JSON object and nothing else: { ok, payments, replays }
                       (npm prints a banner of its own before it: npm run --silent demo -- --json)
  --help               print this

It takes ports of the system's choosing and a directory of its own, so a running devnet is not disturbed. Exit code: 0
when everything was as it should be, 1 when not, 2 for options it does not know, 130 on Ctrl-C.
NO_COLOR is respected.
`

/** @throws BadArguments */
export function readArguments(argv: readonly string[]): { help: boolean; json: boolean } {
  try {
    const options = { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } as const
    const { help, json } = parseArgs({ args: [...argv], options }).values
    return { help, json }
  } catch (error) {
    const [reason] = (error as Error).message.split(/\. |\n/)
    throw new BadArguments(`${reason}: see --help`)
  }
}
