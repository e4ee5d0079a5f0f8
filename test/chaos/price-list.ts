import type { EvmChain } from '../../devnet/evm/index.ts'
import type { SolanaChain } from '../../devnet/solana/index.ts'
import type { Settle } from './plan.ts'

export interface PriceListOptions {
  readonly evm: EvmChain | undefined
  readonly solana: SolanaChain | undefined
  /** Where the gateway reaches each chain's node. */
  readonly rpcUrls: Readonly<Record<string, string>>
  readonly upstreamUrl: string
  readonly modes: readonly Settle[]
}

/** Short, so that another instance takes over within a second of a crash. */
const LEASE_MS = 500

/** The pricing.json of a lane: a route for each way of settling and each size of body. */
export function priceList({ evm, solana, rpcUrls, upstreamUrl, modes }: PriceListOptions): object {
  const route = (settle: Settle) => ({
    upstream: 'api',
    price: '$0.034',
    // The way that an operator need not name is not named.
    ...(settle !== 'before' && { settle }),
  })
  const routes = modes.flatMap((settle) => [
    ...['small', 'sized', 'large'].map((size) => [`GET /v2/${settle}/get/${size}`, route(settle)] as const),
    ...(settle === 'parallel' ? [] : [[`POST /v2/${settle}/post/small`, route(settle)] as const]),
  ])
  return {
    networks: {
      ...(evm && {
        base: { id: evm.network, payTo: evm.accounts.payee.address, rpc: rpcUrls['base'], relayer: '${RELAYER}' },
      }),
      ...(solana && {
        solana: {
          id: solana.network,
          payTo: solana.accounts.payee.address,
          rpc: rpcUrls['solana'],
          feePayer: '${FEE_PAYER}',
        },
      }),
    },
    assets: {
      USDC: {
        usd: '1',
        on: {
          ...(evm && { base: { address: evm.assets.USDC, decimals: 6, eip712: { name: 'USDC', version: '2' } } }),
          ...(solana && { solana: { mint: solana.assets.USDC, decimals: 6 } }),
        },
      },
    },
    upstreams: { api: { url: upstreamUrl, timeoutMs: 2_000 } },
    routes: Object.fromEntries(routes),
    leaseMs: LEASE_MS,
  }
}
