import type { InputRules, Route } from '../../src/domain/catalogue.ts'
import { atomicUnits, type Caip2, type PaymentKey, type Seconds, seconds } from '../../src/domain/ids.ts'
import type { IdentifiedPayment, Transfer } from '../../src/domain/payment.ts'
import type { Offer, Quote } from '../../src/domain/quote.ts'
import type { EdgeRequest } from '../../src/domain/request.ts'

export const BASE_SEPOLIA = 'eip155:84532' as Caip2
export const SOLANA_DEVNET = 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1' as Caip2
export const USDC = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
export const MINT = '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU'
export const PAYEE = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
export const SOLANA_PAYEE = '7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV'
export const NOW: Seconds = seconds(1_800_000_000)

export const baseOffer: Offer = {
  scheme: 'exact',
  network: BASE_SEPOLIA,
  v1Network: 'base-sepolia',
  asset: USDC,
  symbol: 'USDC',
  decimals: 6,
  amount: atomicUnits(34_000n),
  payTo: PAYEE,
  maxTimeoutSeconds: 60,
  extra: { name: 'USDC', version: '2' },
}

export const solanaOffer: Offer = {
  ...baseOffer,
  network: SOLANA_DEVNET,
  v1Network: 'solana-devnet',
  asset: MINT,
  payTo: SOLANA_PAYEE,
  extra: { feePayer: 'FeePayer' },
}

export const quote: Quote = {
  version: 'v1',
  offers: [baseOffer, solanaOffer],
  honoured: [baseOffer, solanaOffer],
  description: 'a call',
  mimeType: 'application/json',
  identifier: 'optional',
}

/** A payment that takes up an offer exactly; parts of it can be replaced. */
export function paymentFor(
  offer: Offer,
  more: { transfer?: Partial<Transfer>; accepted?: Record<string, unknown>; feePayer?: string; v1?: boolean } = {},
): IdentifiedPayment {
  const isSolana = offer.network === SOLANA_DEVNET
  const { scheme, network, amount, asset, payTo, maxTimeoutSeconds, extra } = offer
  const accepted = { scheme, network, amount, asset, payTo, maxTimeoutSeconds, extra, ...more.accepted }
  return {
    key: 'key' as PaymentKey,
    signed: 'digest',
    payer: '0xpayer',
    payment: {
      version: more.v1 ? 1 : 2,
      scheme,
      network,
      accepted: more.v1 ? undefined : accepted,
      authorization: { kind: 'solana-transaction', wire: new Uint8Array() },
    },
    transfer: {
      kind: isSolana ? 'solana-transaction' : 'eip3009',
      nonce: 'nonce',
      network,
      asset,
      from: '0xpayer',
      to: payTo.startsWith('0x') ? payTo.toLowerCase() : payTo,
      amount,
      window: isSolana ? undefined : { validAfter: BigInt(NOW - 600), validBefore: BigInt(NOW + 60) },
      endsBy: seconds(NOW + 60),
      ...more.transfer,
    },
    sponsored: isSolana
      ? {
          feePayer: more.feePayer ?? 'FeePayer',
          computeUnitLimit: 20_000,
          computeUnitPriceMicroLamports: 1n,
          signatures: 2,
        }
      : undefined,
  }
}

const anyInput: InputRules = { singleKeys: undefined, jsonBody: false, query: () => undefined, body: () => undefined }

export function routeOf(more: Partial<Route> = {}): Route {
  return {
    key: 'GET /v2/quantmetrics',
    method: 'GET',
    path: '/v2/quantmetrics',
    upstream: 'analytics',
    free: false,
    settle: 'before',
    identifier: 'optional',
    timeoutMs: 10_000,
    description: '',
    mimeType: 'application/json',
    input: anyInput,
    prices: [baseOffer],
    ...more,
  }
}

export function requestOf(
  target: string,
  more: { method?: string; headers?: Record<string, string | string[]>; body?: string } = {},
): EdgeRequest {
  const bytes = Buffer.from(more.body ?? '')
  return {
    id: 'request',
    method: more.method ?? 'GET',
    target,
    origin: 'http://farebox.test',
    headers: new Map(Object.entries(more.headers ?? {}).map(([name, value]) => [name.toLowerCase(), [value].flat()])),
    hasBody: bytes.length > 0,
    readBody: async () => ({ outcome: 'read', bytes }),
    stream: async function* () {
      yield bytes
    },
  }
}
