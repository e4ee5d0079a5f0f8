import { parseArgs } from 'node:util'
import type { DevnetOptions } from './index.ts'

/** The command line cannot be understood; the message is one line that says why. */
export class BadArguments extends Error {
  override name = 'BadArguments'
}

export interface Arguments {
  help: boolean
  json: boolean
  devnet: DevnetOptions
}

export const HELP = `Usage: npm run devnet -- [options]

Starts local Base and Solana chains, an upstream API and a gateway in front of it, and stays up.
Where everything is stands in .devnet/devnet.json while it runs.

  --port N             the gateway's port (4020); 0 lets the system choose every port
  --block-time S       seconds between blocks on Base (without it, each transaction is mined at once)
  --solana-delay MS    milliseconds until a transaction is confirmed on Solana (0)
  --dir DIR            for logs, devnet.json and the embedded store (.devnet)
  --json               print what runs where as JSON
  --help               print this

REDIS_URL, when set, is the gateway's store; otherwise it is an embedded one that ends with the devnet.
Ctrl-C stops everything.
`

/** @throws BadArguments */
export function readArguments(argv: readonly string[], env: NodeJS.ProcessEnv): Arguments {
  const values = parse(argv)
  const port = whole('--port', values.port, 65_535)
  const blockTime = whole('--block-time', values['block-time'], 3_600, 1)
  const solanaDelay = whole('--solana-delay', values['solana-delay'], 3_600_000)
  const redisUrl = env['REDIS_URL'] || undefined
  return {
    help: values.help,
    json: values.json,
    devnet: {
      ...(port !== undefined && { gatewayPort: port }),
      ...(port === 0 && { evmPort: 0, solanaPort: 0, upstreamPort: 0 }),
      ...(blockTime !== undefined && { blockTime }),
      ...(solanaDelay !== undefined && { solanaDelay }),
      ...(values.dir !== undefined && { dir: values.dir }),
      ...(redisUrl !== undefined && { redisUrl }),
    },
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string' },
        'block-time': { type: 'string' },
        'solana-delay': { type: 'string' },
        dir: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    const [reason] = (error as Error).message.split(/\. |\n/)
    throw new BadArguments(`${reason}: see --help`)
  }
}

function whole(flag: string, text: string | undefined, max: number, min = 0): number | undefined {
  if (text === undefined) return undefined
  if (/^\d+$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text)
  throw new BadArguments(`${flag} is "${text}": it must be a whole number from ${min} to ${max}`)
}
