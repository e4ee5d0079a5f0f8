import { createHash } from 'node:crypto'
import type { Catalogue, InputRules, Route } from '../domain/catalogue.ts'
import { v1NameOf } from '../domain/chains.ts'
import type { AtomicUnits, Caip2 } from '../domain/ids.ts'
import { type Decimal, parseDecimal, parseUsd, usdToAtomic } from '../domain/money.ts'
import type { Offer } from '../domain/quote.ts'
import { BadSchema, compileInput } from './input.ts'
import { BadPricing } from './load.ts'
import type { EvmAssetConfig, Pricing, RouteConfig, SolanaAssetConfig } from './schema.ts'
import { pointerTo } from './secrets.ts'

const U64_MAX = 2n ** 64n - 1n
const U256_MAX = 2n ** 256n - 1n

/**
 * Works out every price of a price list once, so that a request only looks it up.
 *
 * @throws BadPricing when an amount does not fit its network or an input schema is none
 */
export function buildCatalogue(pricing: Pricing): Catalogue {
  const routes = new Map<string, Map<string, Route>>()
  for (const [key, config] of Object.entries(pricing.routes)) {
    const route = buildRoute(pricing, key, config)
    const methods = routes.get(route.path) ?? new Map<string, Route>()
    methods.set(route.method, route)
    // HEAD asks for what GET would give, so it costs what GET costs (RFC 9110 section 9.3.2).
    if (route.method === 'GET') methods.set('HEAD', route)
    routes.set(route.path, methods)
  }
  const { skewSeconds, maxBodyBytes, leaseMs } = pricing
  return { version: versionOf(pricing), routes, skewSeconds, maxBodyBytes, leaseMs }
}

function buildRoute(pricing: Pricing, key: string, config: RouteConfig): Route {
  const [method = '', path = ''] = key.split(' ')
  const { upstream, free = false, description, mimeType, settle, paymentIdentifier } = config
  return {
    key,
    method,
    path,
    upstream,
    free,
    settle,
    identifier: paymentIdentifier,
    timeoutMs: pricing.upstreams[upstream]?.timeoutMs ?? 0,
    description,
    mimeType,
    input: inputOf(key, config),
    prices: free ? [] : pricesOf(pricing, key, config),
  }
}

function inputOf(key: string, config: RouteConfig): InputRules {
  try {
    return compileInput(config.input)
  } catch (error) {
    if (!(error instanceof BadSchema)) throw error
    throw new BadPricing([{ pointer: pointerTo(['routes', key, 'input']), reason: error.message }])
  }
}

function pricesOf(pricing: Pricing, key: string, config: RouteConfig): Offer[] {
  const price = parseUsd(config.price ?? '') as Decimal
  const symbols = config.accepts ?? Object.keys(pricing.assets)
  const offers = symbols.flatMap((symbol) => {
    const asset = pricing.assets[symbol]
    if (!asset) return []
    const usd = parseDecimal(asset.usd) as Decimal
    return Object.entries(asset.on).flatMap(([networkKey, token]) => {
      const network = pricing.networks[networkKey]
      if (!network) return []
      const id = network.id as Caip2
      const amount = usdToAtomic(price, usd, token.decimals)
      // An SPL amount is a u64, an ERC-20 amount a uint256.
      if (amount > ('mint' in token ? U64_MAX : U256_MAX)) {
        throw new BadPricing([
          {
            pointer: pointerTo(['routes', key, 'price']),
            reason: `${amount} units of ${symbol} do not fit ${networkKey}`,
          },
        ])
      }
      return [offerOf(symbol, id, network.payTo, token, amount, config.maxTimeoutSeconds)]
    })
  })
  if (offers.length === 0)
    throw new BadPricing([
      { pointer: pointerTo(['routes', key, 'accepts']), reason: 'no asset it accepts is on any network' },
    ])
  return offers
}

function offerOf(
  symbol: string,
  network: Caip2,
  payTo: string,
  token: EvmAssetConfig | SolanaAssetConfig,
  amount: AtomicUnits,
  maxTimeoutSeconds: number,
): Offer {
  const common = {
    scheme: 'exact',
    network,
    v1Network: v1NameOf(network),
    symbol,
    decimals: token.decimals,
    amount,
    payTo,
    maxTimeoutSeconds,
  } as const
  return 'mint' in token
    ? { ...common, asset: token.mint, extra: {} }
    : { ...common, asset: token.address, extra: { name: token.eip712.name, version: token.eip712.version } }
}

/** Names the version by what was priced, secrets left out: equal on every instance that reads the same file. */
function versionOf({ networks, assets, routes }: Pricing): string {
  const payees = Object.fromEntries(Object.entries(networks).map(([key, { id, payTo }]) => [key, { id, payTo }]))
  return createHash('sha256').update(JSON.stringify({ payees, assets, routes })).digest('hex').slice(0, 16)
}
