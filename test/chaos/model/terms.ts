import type { Route, SettleMode } from '../../../src/domain/catalogue.ts'
import { atomicUnits, type Caip2 } from '../../../src/domain/ids.ts'
import type { Offer } from '../../../src/domain/quote.ts'

export const NETWORK = 'eip155:84532' as Caip2
export const ASSET = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
export const PAYEE = '0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc'
export const TIMEOUT_SECONDS = 60
/** How far a clock may be off. */
export const SKEW_SECONDS = 30

/** One route for each order in which a payment can be settled and forwarded, each at a price of its own. */
const PRICES: Readonly<Record<SettleMode, bigint>> = { before: 34_000n, parallel: 17_000n, after: 68_000n }

/** What is bought; two requests of one route are two purchases. */
export const TARGETS = ['/before', '/parallel', '/after', '/before?x=1'] as const

export const modeOf = (target: string): SettleMode => (target.slice(1).split('?')[0] ?? '') as SettleMode
export const priceOf = (target: string): bigint => PRICES[modeOf(target)]

export const offerOf = (target: string): Offer => ({
  scheme: 'exact',
  network: NETWORK,
  v1Network: 'base-sepolia',
  asset: ASSET,
  symbol: 'USDC',
  decimals: 6,
  amount: atomicUnits(priceOf(target)),
  payTo: PAYEE,
  maxTimeoutSeconds: TIMEOUT_SECONDS,
  extra: { name: 'USDC', version: '2' },
})

export function routes(): ReadonlyMap<string, ReadonlyMap<string, Route>> {
  const route = (settle: SettleMode): Route => ({
    key: `GET /${settle}`,
    method: 'GET',
    path: `/${settle}`,
    upstream: 'api',
    free: false,
    settle,
    identifier: 'optional',
    timeoutMs: 2_000,
    description: '',
    mimeType: 'text/plain',
    input: { singleKeys: undefined, jsonBody: false, query: () => undefined, body: () => undefined },
    prices: [offerOf(`/${settle}`)],
  })
  return new Map(
    (['before', 'parallel', 'after'] as const).map((mode) => [`/${mode}`, new Map([['GET', route(mode)]])]),
  )
}
