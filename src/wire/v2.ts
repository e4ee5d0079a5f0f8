import type { Network, PaymentRequirements } from '@x402/core/types'
import { z } from 'zod'
import type { Payment } from '../domain/payment.ts'
import type { Offer } from '../domain/quote.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { readIdentifier } from './identifier.ts'
import { amount, caip2, readPayload } from './payload.ts'

export const V2_PAYMENT_HEADER = 'payment-signature'
export const V2_TERMS_HEADER = 'PAYMENT-REQUIRED'
export const V2_RECEIPT_HEADER = 'PAYMENT-RESPONSE'

const envelope = z.object({
  x402Version: z.literal(2),
  accepted: z.object({
    scheme: z.string().max(32),
    network: caip2,
    amount,
    asset: z.string().max(128),
    payTo: z.string().max(128),
    maxTimeoutSeconds: z.number().int().positive(),
    extra: z.record(z.string(), z.unknown()).nullish(),
  }),
  payload: z.unknown(),
  extensions: z.unknown().optional(),
})

/** Reads a v2 payment (x402 specification v2, section 5.2). */
export function readV2(json: unknown): Payment | Refusal {
  const parsed = envelope.safeParse(json)
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join('.') || 'the payment'
    return refuse('invalid_payload', { detail: `A v2 payment has accepted terms and a payload; look at ${where}.` })
  }
  const { accepted, payload } = parsed.data
  if (accepted.scheme !== 'exact') return refuse('unsupported_scheme')
  const authorization = readPayload(accepted.network, payload)
  if (!authorization) return refuse('invalid_payload', { detail: 'The payload is not of the network’s kind.' })
  const identifier = readIdentifier(parsed.data.extensions)
  if (identifier === null) return refuse('payment_identifier_invalid')
  const extra = accepted.extra ?? undefined
  return {
    version: 2,
    scheme: accepted.scheme,
    network: accepted.network,
    accepted: { ...accepted, extra },
    authorization,
    identifier,
  }
}

/** One entry of `accepts`; no member beyond the specification's, because typed clients drop and so lose it. */
export function v2Terms(offer: Offer): PaymentRequirements {
  return {
    scheme: offer.scheme,
    network: offer.network as Network,
    amount: offer.amount.toString(),
    asset: offer.asset,
    payTo: offer.payTo,
    maxTimeoutSeconds: offer.maxTimeoutSeconds,
    extra: offer.extra,
  }
}
