import type { Network, PaymentRequirementsV1 } from '@x402/core/types'
import { z } from 'zod'
import { networkOfV1Name } from '../domain/chains.ts'
import type { Payment } from '../domain/payment.ts'
import type { Offer, Quote } from '../domain/quote.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { readPayload } from './payload.ts'

export const V1_PAYMENT_HEADER = 'x-payment'
export const V1_RECEIPT_HEADER = 'X-PAYMENT-RESPONSE'

const envelope = z.object({
  x402Version: z.literal(1),
  scheme: z.string().max(32),
  network: z.string().max(64),
  payload: z.unknown(),
})

/** Reads a v1 payment, which names its network by a v1 name and echoes no terms (x402 specification v1, section 5.2). */
export function readV1(json: unknown): Payment | Refusal {
  const parsed = envelope.safeParse(json)
  if (!parsed.success) return refuse('invalid_payload', { detail: 'A v1 payment has scheme, network and payload.' })
  const { scheme, payload } = parsed.data
  const network = networkOfV1Name(parsed.data.network)
  if (!network) return refuse('invalid_network', { detail: 'That is no network of x402 v1 that is known here.' })
  if (scheme !== 'exact') return refuse('unsupported_scheme')
  const authorization = readPayload(network, payload)
  if (!authorization) return refuse('invalid_payload', { detail: 'The payload is not of the network’s kind.' })
  return { version: 1, scheme, network, accepted: undefined, authorization }
}

/** As the SDK types it, less what its own clients refuse: a null or an empty `outputSchema`. */
export type V1Terms = Omit<PaymentRequirementsV1, 'outputSchema'>

/**
 * One entry of a v1 body's `accepts`. v1 clients parse every entry strictly, so an absent member is left out, never null.
 *
 * @param resource absolute URL of what is bought
 */
export function v1Terms(offer: Offer & { v1Network: string }, quote: Quote, resource: string): V1Terms {
  return {
    scheme: offer.scheme,
    network: offer.v1Network as Network,
    maxAmountRequired: offer.amount.toString(),
    resource,
    description: quote.description,
    mimeType: quote.mimeType,
    payTo: offer.payTo,
    maxTimeoutSeconds: offer.maxTimeoutSeconds,
    asset: offer.asset,
    extra: offer.extra,
  }
}
