import { evmTreasury } from '../adapters/evm/treasury.ts'
import { openRpc } from '../adapters/rpc.ts'
import { solanaTreasury } from '../adapters/solana/treasury.ts'
import { isSolana } from '../domain/chains.ts'
import type { Caip2 } from '../domain/ids.ts'
import type { Treasury } from '../ports/treasury.ts'
import type { Pricing } from '../pricing/schema.ts'

/** The key that refunds on a network are paid from; a string says what is missing in the price list. */
export function openTreasury({ networks }: Pricing, network: Caip2): Treasury | string {
  const [name, config] = Object.entries(networks).find(([, { id }]) => id === network) ?? []
  if (!config) return `the price list has no network ${network}: add it, with "refund": "\${NAME}"`
  if (config.refund === undefined)
    return `there is no key to refund from: set "refund": "\${NAME}" in networks.${name} of the price list`
  const options = { network, rpc: openRpc(config.rpc), key: config.refund }
  return isSolana(network) ? solanaTreasury(options) : evmTreasury(options)
}
