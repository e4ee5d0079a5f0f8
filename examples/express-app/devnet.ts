import { readFileSync } from 'node:fs'
import type { Description } from '../../devnet/description.ts'
import { ACCOUNTS } from '../../devnet/evm/accounts.ts'

/** What pricing.json beside this file names, taken from a running `npm run devnet`. In the world you set it yourself. */
export function devnetEnvironment(file: URL): NodeJS.ProcessEnv {
  const { evm, upstream } = read(file)
  return {
    BASE_RPC_URL: evm.rpcUrl,
    BASE_PAY_TO: evm.payTo,
    // Not the key of the devnet's own gateway: two that settle from one account would get in each other's way.
    BASE_RELAYER_KEY: ACCOUNTS.facilitator.privateKey,
    ANALYTICS_URL: upstream,
    ANALYTICS_TOKEN: 'devnet-analytics-token',
  }
}

function read(file: URL): Description {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw new Error('no devnet is running: start one with npm run devnet')
  }
}
