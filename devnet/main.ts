import { BadArguments, HELP, readArguments } from './arguments.ts'
import type { Devnet, DevnetOptions } from './index.ts'
import { table } from './table.ts'

/** One press of Ctrl-C may arrive twice, from the terminal and again through npm. */
const SAME_PRESS_MS = 500

async function main(): Promise<void> {
  const { help, json, devnet: options } = readArguments(process.argv.slice(2), process.env)
  if (help) {
    process.stdout.write(HELP)
    return
  }
  let devnet: Devnet | undefined
  let stoppingSince: number | undefined
  const stop = (code: number) => {
    if (stoppingSince !== undefined) {
      // Leaving kills whatever still runs.
      if (performance.now() - stoppingSince > SAME_PRESS_MS) process.exit(130)
      return
    }
    stoppingSince = performance.now()
    if (devnet === undefined) process.exit(code)
    devnet.stop().then(() => process.exit(code), fail)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(0))

  // Only now, so that a mistyped flag is answered at once.
  const { startDevnet } = await import('./index.ts')
  devnet = await startDevnet(options)
  process.stdout.write(json ? `${JSON.stringify(devnet.description)}\n` : tableOf(devnet, options))
  process.stderr.write(`${await devnet.failed}\n`)
  stop(1)
}

function tableOf({ description }: Devnet, { blockTime, solanaDelay = 0, dir = '.devnet' }: DevnetOptions): string {
  const notes = {
    base: blockTime === undefined ? 'a block for each transaction' : `a block every ${blockTime} s`,
    solana: solanaDelay === 0 ? 'confirmed at once' : `confirmed after ${solanaDelay} ms`,
  }
  return table(description, notes, `${dir}/devnet.json`, process.stdout.isTTY === true && !process.env['NO_COLOR'])
}

function fail(error: Error): never {
  process.stderr.write(`${error.message}\n`)
  process.exit(error instanceof BadArguments ? 2 : 1)
}

main().catch(fail)
