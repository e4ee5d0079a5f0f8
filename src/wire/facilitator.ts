import { v1NameOf } from '../domain/chains.ts'
import type { Authorization, Payment, ProtocolVersion } from '../domain/payment.ts'
import type { Offer } from '../domain/quote.ts'
import { v1Terms } from './v1.ts'
import { v2Terms } from './v2.ts'

/**
 * The body of `POST /settle` in a protocol version, which need not be the payment's own: what was signed is the same in both.
 *
 * Written anew from what was read and from our own terms, never the client's own bytes, so that both of us mean the same thing
 * (threats T19).
 */
export function writeSettlement(payment: Payment, offer: Offer, version: ProtocolVersion): Record<string, unknown> {
  const payload = writePayload(payment.authorization)
  if (version === 2) {
    const terms = v2Terms(offer)
    const paymentPayload = { x402Version: 2, accepted: terms, payload }
    return { x402Version: 2, paymentPayload, paymentRequirements: terms }
  }
  const { scheme, network } = payment
  const v1Network = v1NameOf(network) ?? network
  return {
    x402Version: 1,
    paymentPayload: { x402Version: 1, scheme, network: v1Network, payload },
    paymentRequirements: v1Terms({ ...offer, v1Network }, NOTHING_SAID, 'https://localhost/'),
  }
}

/** What is bought is not the facilitator's business. */
const NOTHING_SAID = {
  version: '',
  offers: [],
  honoured: [],
  description: '',
  mimeType: '',
  identifier: 'optional',
} as const

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
