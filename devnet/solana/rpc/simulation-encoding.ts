import { MAX_PROCESSING_AGE } from '../blocks.ts'
import type { Chain, Simulation } from '../chain.ts'
import type { Transaction } from '../transaction.ts'
import { accountView, encodeAccount } from './account-encoding.ts'
import { innerInstructions, parsedInstruction } from './instruction-encoding.ts'
import { Config } from './params.ts'
import { invalidParams } from './rpc-error.ts'
import { encodeReturnData } from './transaction-encoding.ts'

/** What `simulateTransaction` answers, and what a preflight failure carries as its data. */
export function encodeSimulation(chain: Chain, transaction: Transaction, run: Simulation, config = new Config({})) {
  const keys = chain.accountKeys(transaction.message)
  const { blockhash, height } = chain.blocks.head
  const replacement = { blockhash, lastValidBlockHeight: height + MAX_PROCESSING_AGE }
  return {
    err: run.err,
    logs: run.logs,
    accounts: accountsAfter(chain, run, keys.length, config.object('accounts')),
    unitsConsumed: run.unitsConsumed,
    returnData: run.returnData === null ? null : encodeReturnData(run.returnData),
    innerInstructions: config.flag('innerInstructions')
      ? innerInstructions(run.inner, (item, height) => parsedInstruction(keys, item, height))
      : null,
    replacementBlockhash: config.flag('replaceRecentBlockhash') ? replacement : null,
  }
}

function accountsAfter(chain: Chain, run: Simulation, max: number, wanted: Config | undefined) {
  if (wanted === undefined) return null
  const addresses = wanted.addresses('addresses')
  if (addresses.length > max) throw invalidParams(`Too many accounts provided; max ${max}`)
  const view = accountView(wanted)
  if (view.encoding === 'base58') throw invalidParams('base58 encoding not supported')
  const encoding = view.encoding === 'binary' ? 'base64' : view.encoding
  return addresses.map((address) => (run.err === null ? encodeAccount(chain, run.after(address), { encoding }) : null))
}
