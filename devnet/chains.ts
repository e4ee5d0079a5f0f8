import { parseArgs } from 'node:util'
import { startEvm } from './evm/index.ts'
import { startSolana } from './solana/index.ts'

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    'evm-port': { type: 'string', default: '8545' },
    'solana-port': { type: 'string', default: '8899' },
  },
})

/** The two chains alone, for a container: writes no file, keeps nothing, ends on SIGTERM. */
async function main(): Promise<void> {
  const { host } = values
  const evm = await startEvm({ host, port: Number(values['evm-port']) })
  const solana = await startSolana({ host, port: Number(values['solana-port']) })
  const stop = async () => {
    await Promise.all([evm.stop(), solana.stop()])
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  throw new Error(await evm.crashed)
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
