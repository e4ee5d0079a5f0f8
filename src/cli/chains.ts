import { evmTransfers } from '../adapters/evm/transfers.ts'
import { openRpc } from '../adapters/rpc.ts'
import { solanaTransfers } from '../adapters/solana/transfers.ts'
import { isSolana } from '../domain/chains.ts'
import type { Caip2 } from '../domain/ids.ts'
import type { Account } from '../operate/ledger/verification.ts'
import type { Transfers } from '../ports/transfers.ts'
import type { Pricing } from '../pricing/schema.ts'

/** The chains of a price list, for their past to be read. */
export function openTransfers({ networks }: Pricing): ReadonlyMap<Caip2, Transfers> {
  return new Map(
    Object.values(networks).map(({ id, rpc }) => {
      const network = id as Caip2
      return [network, (isSolana(network) ? solanaTransfers : evmTransfers)(network, openRpc(rpc))]
    }),
  )
}

/** Everything a price list sells for, with the symbol it goes by there. */
export function soldFor({ networks, assets }: Pricing): (Account & { readonly symbol: string })[] {
  return Object.entries(assets).flatMap(([symbol, { on }]) =>
    Object.entries(on).flatMap(([key, token]) => {
      const network = networks[key]
      if (!network) return []
      const asset = 'mint' in token ? token.mint : token.address
      return [{ network: network.id as Caip2, asset, payee: network.payTo, symbol }]
    }),
  )
}
