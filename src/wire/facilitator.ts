import { v1NameOf } from '../domain/chains.ts'
import type { Authorization, Payment, ProtocolVersion } from '../domain/payment.ts'
import type { Offer } from '../domain/quote.ts'
import { v1Terms } from './v1.ts'
import { v2Terms } from './v2.ts'

/**
 * A payment as a facilitator is given it: written anew from what was read, never the client's own bytes, so that both of us
 * mean the same thing (threats T19).
 */
export function writePayment({ version, scheme, network, accepted, authorization }: Payment): Record<string, unknown> {
  const payload = writePayload(authorization)
  if (version === 1) return { x402Version: 1, scheme, network: v1NameOf(network), payload }
  return { x402Version: 2, accepted: accepted && { ...accepted, amount: accepted.amount.toString() }, payload }
}

/** The terms a payment is to be held against, in its own protocol version. */
export function writeRequirements(offer: Offer, version: ProtocolVersion): Record<string, unknown> {
  if (version === 2) return v2Terms(offer)
  const quote = { version: '', offers: [offer], description: '', mimeType: '' }
  return v1Terms({ ...offer, v1Network: offer.v1Network ?? offer.network }, quote, 'https://localhost/')
}

function writePayload(authorization: Authorization): Record<string, unknown> {
  if (authorization.kind === 'solana-transaction')
    return { transaction: Buffer.from(authorization.wire).toString('base64') }
  const { from, to, value, validAfter, validBefore, nonce, signature } = authorization
  return {
    signature: `0x${Buffer.from(signature).toString('hex')}`,
    authorization: {
      from,
      to,
      value: value.toString(),
      validAfter: validAfter.toString(),
      validBefore: validBefore.toString(),
      nonce,
    },
  }
}
