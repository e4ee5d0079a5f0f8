import type { Network, PaymentRequired, SettleResponse } from '@x402/core/types'
import { v1NameOf } from '../domain/chains.ts'
import type { ProtocolVersion } from '../domain/payment.ts'
import type { Quote } from '../domain/quote.ts'
import type { Settlement } from '../domain/settlement.ts'
import { encodeBase64 } from './base64.ts'
import { declareIdentifier } from './identifier.ts'
import { V1_RECEIPT_HEADER, type V1Terms, v1Terms } from './v1.ts'
import { V2_RECEIPT_HEADER, v2Terms } from './v2.ts'

/** A quote in both protocols at once: v2 in the header, v1 in the body. */
export interface Terms {
  /** The value of PAYMENT-REQUIRED. */
  readonly header: string
  /** Members for the JSON body: v1's, or v2's where no offer can be said in v1. */
  readonly body: PaymentRequired | { x402Version: 1; error: string; accepts: V1Terms[] }
}

/**
 * Writes a quote so that v1 and v2 clients both find their own.
 *
 * v2 clients read the header first; v1 clients read the body and refuse it whole for one entry they cannot parse, so it
 * holds only what v1 can say. Where v1 can say nothing, the body mirrors v2 for probes that read bodies alone.
 */
export function writeTerms(quote: Quote, resource: string, error: string): Terms {
  const accepts = quote.offers.map(v2Terms)
  const v2: PaymentRequired = {
    x402Version: 2,
    error,
    resource: { url: resource, ...(quote.description && { description: quote.description }), mimeType: quote.mimeType },
    accepts,
    extensions: declareIdentifier(quote.identifier === 'required'),
  }
  // v1 has no extensions, so a route that insists on one cannot be bought in v1.
  const inV1 = quote.identifier === 'required' ? [] : quote.offers
  const v1 = inV1.flatMap((offer) =>
    offer.v1Network ? [v1Terms({ ...offer, v1Network: offer.v1Network }, quote, resource)] : [],
  )
  return {
    header: encodeBase64(JSON.stringify(v2)),
    body: v1.length > 0 ? { x402Version: 1, error, accepts: v1 } : v2,
  }
}

/** The receipt header of a settlement, in the protocol the payment came in: name and value. */
export function writeReceipt(settlement: Settlement, version: ProtocolVersion, served: boolean): [string, string] {
  const network = version === 1 ? (v1NameOf(settlement.network) ?? settlement.network) : settlement.network
  const receipt: SettleResponse = {
    success: true,
    transaction: settlement.transaction,
    network: network as Network,
    payer: settlement.payer,
    ...(version === 2 && { amount: settlement.amount.toString() }),
    ...(served ? {} : { extensions: { farebox: { credit: true } } }),
  }
  return [version === 1 ? V1_RECEIPT_HEADER : V2_RECEIPT_HEADER, encodeBase64(JSON.stringify(receipt))]
}
