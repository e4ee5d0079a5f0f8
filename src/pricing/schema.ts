import { z } from 'zod'
import { isEvm, isSolana } from '../domain/chains.ts'
import type { Caip2 } from '../domain/ids.ts'
import { parseDecimal, parseUsd } from '../domain/money.ts'

/** Paths the gateway answers itself; no route may stand on them or below. */
const RESERVED_PATHS = [
  '/livez',
  '/readyz',
  '/openapi.json',
  '/llms.txt',
  '/docs',
  '/mcp',
  '/payments',
  '/me',
  '/.well-known',
  '/admin',
] as const

const name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,31}$/, 'a name: letters, digits, - and _, beginning with a letter')
const evmAddress = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'an address: 0x and 40 hexadecimal digits')
const solanaAddress = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{32,44}$/, 'a Solana address in base58')
const url = z.string().refine(isHttpUrl, 'an http:// or https:// URL without credentials or fragment')
const usd = z.string().refine((text) => isPositive(parseUsd(text)), 'a dollar price above zero such as "$0.034"')
const tokenUsd = z
  .string()
  .refine((text) => isPositive(parseDecimal(text)), 'dollars for one token, such as "1" or "0.0005"')
const jsonSchema = z.record(z.string(), z.unknown())

const facilitator = z
  .union([z.literal('embedded'), url, z.array(url).min(1).max(8).refine(areDistinct, 'the same facilitator twice')])
  .default('embedded')
  .describe(
    '"embedded" settles with our own relayer; a URL names a remote x402 facilitator, several in the order in which they are preferred',
  )

const confirmMs = z
  .int()
  .min(100)
  .max(120_000)
  .default(20_000)
  .describe(
    'how long a request waits for its settlement before it is answered 503; the payment is then looked up, not lost',
  )

const relayerKey = z.string().regex(/^0x[0-9a-fA-F]{64}$/, 'a private key: 0x and 64 hexadecimal digits')

const evmNetwork = z.strictObject({
  id: z
    .string()
    .regex(/^eip155:[1-9][0-9]{0,17}$/)
    .describe('CAIP-2 chain id'),
  payTo: evmAddress.describe('the address that receives'),
  rpc: url.describe('our own node, by which every settlement is checked'),
  facilitator,
  confirmMs,
  relayer: z
    .union([relayerKey, z.array(relayerKey).min(1).max(16).refine(areDistinct, 'the same relayer twice')])
    .optional()
    .describe('private key that pays the gas, or a list of them; only as ${NAME} or ${file:…}'),
  refund: relayerKey
    .optional()
    .describe('private key that refunds are paid from, gas included; only as ${NAME} or ${file:…}'),
  minFloatSettlements: z
    .int()
    .min(1)
    .max(100_000)
    .default(20)
    .describe('a relayer that cannot pay for so many settlements is not used; offers are withdrawn while none can'),
  maxFeeGwei: z
    .number()
    .positive()
    .max(1_000_000)
    .optional()
    .describe('the base fee above which the network is not offered, and the most that a settlement pays for gas'),
  stuckMs: z
    .int()
    .min(100)
    .max(600_000)
    .default(12_000)
    .describe('how long a transaction may be unmined before it is sent again, and later replaced with a higher fee'),
  finalityMs: z
    .int()
    .min(100)
    .max(86_400_000)
    .default(1_200_000)
    .describe('after how long a settlement is looked at again, to see that no reorg has undone it'),
})

const solanaNetwork = z.strictObject({
  id: z
    .string()
    .regex(/^solana:[1-9A-HJ-NP-Za-km-z]{32}$/)
    .describe('CAIP-2 chain id'),
  payTo: solanaAddress.describe('the owner whose associated token account receives'),
  rpc: url,
  facilitator,
  confirmMs,
  feePayer: z
    .string()
    .regex(/^[1-9A-HJ-NP-Za-km-z]{80,90}$/, 'a secret key of 64 bytes in base58')
    .optional()
    .describe('secret key that pays the fees; only as ${NAME} or ${file:…}'),
  minFloatSettlements: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(100)
    .describe('offers are withdrawn while the fee payer cannot pay for so many settlements'),
  finalityMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .default(20_000)
    .describe('how long after its confirmation a settlement is looked at again, to see that it is finalised'),
  refund: z
    .string()
    .regex(/^[1-9A-HJ-NP-Za-km-z]{80,90}$/, 'a secret key of 64 bytes in base58')
    .optional()
    .describe('secret key that refunds are paid from, fees included; only as ${NAME} or ${file:…}'),
  maxComputeUnits: z.int().min(1_000).max(1_400_000).default(60_000).describe('the largest compute limit sponsored'),
  maxComputeUnitPrice: z
    .int()
    .min(0)
    .max(5_000_000)
    .default(100_000)
    .describe('the highest price per compute unit sponsored, in micro-lamports'),
})

const decimals = z.int().min(0).max(30)

const evmAsset = z.strictObject({
  address: evmAddress,
  decimals,
  transfer: z.literal('eip3009').default('eip3009'),
  eip712: z
    .strictObject({ name: z.string().min(1), version: z.string().min(1) })
    .describe('the token’s EIP-712 domain'),
})
const solanaAsset = z.strictObject({ mint: solanaAddress, decimals: decimals.max(19) })

const asset = z.strictObject({
  usd: tokenUsd.describe('dollars for one whole token'),
  on: z.record(name, z.union([evmAsset, solanaAsset])),
})

const upstream = z.strictObject({
  url: url.describe('origin and base path that targets are appended to'),
  timeoutMs: z
    .int()
    .min(1)
    .max(600_000)
    .default(10_000)
    .describe('the longest wait for the response head and between two pieces of its body'),
  headers: z
    .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/), z.string())
    .default({})
    .describe('added to every request'),
})

const input = z.strictObject({
  query: jsonSchema.optional().describe('JSON Schema (2020-12) of the query, an object of scalars'),
  body: jsonSchema.optional().describe('JSON Schema (2020-12) of a JSON body'),
})

const route = z.strictObject({
  upstream: name,
  price: usd.optional(),
  free: z.literal(true).optional(),
  accepts: z.array(name).min(1).optional().describe('assets taken; all of them when absent'),
  settle: z
    .enum(['before', 'parallel', 'after'])
    .default('before')
    .describe(
      'when to settle: before the upstream is called, while it answers (GET only), or once its answer is held; nothing is handed out unsettled',
    ),
  paymentIdentifier: z
    .enum(['optional', 'required'])
    .default('optional')
    .describe('whether a client must name its call (x402 extension payment-identifier)'),
  description: z.string().max(300).default(''),
  mimeType: z.string().max(100).default('application/json'),
  maxTimeoutSeconds: z.int().min(10).max(600).default(60).describe('how long a signed payment may stay valid'),
  input: input.default({}),
  output: jsonSchema.optional(),
})

const ROUTE_KEY = /^(GET|POST|PUT|PATCH|DELETE) (\/[A-Za-z0-9._~-]+)+$/

/** What pricing.json may hold, its secrets already filled in. `payTo`, prices and assets are read once, here. */
export const pricingSchema = z
  .strictObject({
    $schema: z.string().optional(),
    networks: z.record(name, z.union([evmNetwork, solanaNetwork])),
    assets: z.record(name, asset),
    upstreams: z.record(name, upstream),
    routes: z.record(z.string().regex(ROUTE_KEY, 'a method and a literal path such as "GET /v2/quantmetrics"'), route),
    skewSeconds: z.int().min(0).max(300).default(30).describe('how far clocks may differ'),
    maxBodyBytes: z.int().min(0).max(67_108_864).default(1_048_576).describe('the largest body of a paid request'),
    leaseMs: z
      .int()
      .min(100)
      .max(120_000)
      .default(10_000)
      .describe('how long an instance may be silent before another takes its payment over'),
  })
  .superRefine((pricing, context) => {
    const wrong = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
    const ids = new Map<string, string>()
    for (const [key, network] of Object.entries(pricing.networks)) {
      const twin = ids.get(network.id)
      if (twin) wrong(['networks', key, 'id'], `"${twin}" has this id already`)
      ids.set(network.id, key)
      // The nonces of a relayer are handed out by the store; a refund takes its own.
      const own = network.refund?.toLowerCase()
      if ('relayer' in network && [network.relayer].flat().some((key) => key && key.toLowerCase() === own))
        wrong(['networks', key, 'refund'], 'refunds need a key of their own, which is no relayer')
      if (network.facilitator !== 'embedded') continue
      if (isEvm(network.id as Caip2) && !('relayer' in network && network.relayer))
        wrong(['networks', key, 'relayer'], 'the embedded facilitator needs a relayer key')
      if (isSolana(network.id as Caip2) && !('feePayer' in network && network.feePayer))
        wrong(['networks', key, 'feePayer'], 'the embedded facilitator needs a fee payer key')
    }
    for (const [symbol, { on }] of Object.entries(pricing.assets)) {
      for (const [key, token] of Object.entries(on)) {
        const network = pricing.networks[key]
        if (!network) wrong(['assets', symbol, 'on', key], `there is no network "${key}"`)
        else if (isEvm(network.id as Caip2) !== 'address' in token)
          wrong(['assets', symbol, 'on', key], `not the kind of asset that ${network.id} has`)
      }
    }
    for (const [key, entry] of Object.entries(pricing.routes)) {
      if (!pricing.upstreams[entry.upstream])
        wrong(['routes', key, 'upstream'], `there is no upstream "${entry.upstream}"`)
      if ((entry.price === undefined) === (entry.free === undefined))
        wrong(['routes', key], 'a route has either a "price" or "free": true')
      for (const [index, symbol] of (entry.accepts ?? []).entries()) {
        if (!pricing.assets[symbol]) wrong(['routes', key, 'accepts', index], `there is no asset "${symbol}"`)
      }
      if (entry.settle === 'parallel' && !key.startsWith('GET '))
        wrong(['routes', key, 'settle'], 'only a GET may be forwarded while its payment is being settled')
      const timeoutMs = pricing.upstreams[entry.upstream]?.timeoutMs ?? 0
      if (entry.settle === 'after' && entry.maxTimeoutSeconds * 1_000 < timeoutMs + 6_000)
        wrong(
          ['routes', key, 'maxTimeoutSeconds'],
          'a payment that is settled after the upstream has answered must outlive its timeoutMs by 6 seconds',
        )
      const path = key.slice(key.indexOf(' ') + 1)
      if (RESERVED_PATHS.some((taken) => path === taken || path.startsWith(`${taken}/`)))
        wrong(['routes', key], 'the gateway answers this path itself')
      if (path.split('/').some((segment) => segment === '.' || segment === '..'))
        wrong(['routes', key], 'a path has no dot segments')
    }
  })

export type Pricing = z.output<typeof pricingSchema>
export type NetworkConfig = Pricing['networks'][string]
export type EvmNetworkConfig = z.output<typeof evmNetwork>
export type SolanaNetworkConfig = z.output<typeof solanaNetwork>
export type EvmAssetConfig = z.output<typeof evmAsset>
export type SolanaAssetConfig = z.output<typeof solanaAsset>
export type RouteConfig = Pricing['routes'][string]

function isPositive(value: { digits: bigint } | undefined): boolean {
  return value !== undefined && value.digits > 0n
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, hash } = new URL(text)
  return (protocol === 'http:' || protocol === 'https:') && !username && !password && !hash
}

/** By origin: that is what a payment remembers of the one it was handed to. */
function areDistinct(urls: readonly string[]): boolean {
  return new Set(urls.map((text) => (URL.canParse(text) ? new URL(text).origin : text))).size === urls.length
}
