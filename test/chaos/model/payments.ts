import { type PaymentKey, seconds } from '../../../src/domain/ids.ts'
import type { IdentifiedPayment, Payment } from '../../../src/domain/payment.ts'
import { refuse } from '../../../src/domain/refusal.ts'
import type { EdgeRequest } from '../../../src/domain/request.ts'
import { ASSET, NETWORK, offerOf } from './terms.ts'

/** What a payer signs. */
export interface Signed {
  readonly from: string
  readonly nonce: string
  readonly validBefore: number
  readonly amount: bigint
  readonly to: string
  /** The call's name, chosen by the client. */
  readonly id: string | undefined
}

/**
 * How a payment travels: in either protocol, its nonce in either case; with a signature that is not its signer's; or not at
 * all.
 */
export type Encoding = 'v2' | 'v1' | 'v2-upper' | 'forged' | 'none'

const GOOD = `0x${'11'.repeat(65)}`
const FORGED = `0x${'22'.repeat(65)}`
/** What no answer, no line of the log and no request to the upstream may hold. */
export const SECRETS = [GOOD.slice(2), FORGED.slice(2)]

export function requestOf(serial: number, target: string, signed: Signed, encoding: Encoding): EdgeRequest {
  const headers = encoding === 'none' ? [] : [headerOf(target, signed, encoding)]
  return {
    id: `request-${serial}`,
    method: 'GET',
    target,
    origin: 'http://model',
    headers: new Map(headers),
    hasBody: false,
    readBody: async () => ({ outcome: 'read', bytes: new Uint8Array() }),
    stream: async function* () {},
  }
}

function headerOf(target: string, signed: Signed, encoding: Encoding): [name: string, values: string[]] {
  const { from, to, amount, validBefore, id } = signed
  const nonce = encoding === 'v2-upper' ? `0x${signed.nonce.slice(2).toUpperCase()}` : signed.nonce
  const authorization = { from, to, value: String(amount), validAfter: '0', validBefore: String(validBefore), nonce }
  const payload = { signature: encoding === 'forged' ? FORGED : GOOD, authorization }
  const write = (payment: object) => [Buffer.from(JSON.stringify(payment)).toString('base64')]
  if (encoding === 'v1')
    return ['x-payment', write({ x402Version: 1, scheme: 'exact', network: 'base-sepolia', payload })]
  const { scheme, network, asset, payTo, maxTimeoutSeconds, extra, amount: asked } = offerOf(target)
  const accepted = { scheme, network, amount: String(asked), asset, payTo, maxTimeoutSeconds, extra }
  const extensions = id && { 'payment-identifier': { info: { required: false, id } } }
  return ['payment-signature', write({ x402Version: 2, accepted, payload, ...(extensions && { extensions }) })]
}

/** The canonical key of a payment: (chain, asset, from, nonce). */
export const keyOf = ({ from, nonce }: Pick<Signed, 'from' | 'nonce'>): PaymentKey =>
  `${NETWORK}:${ASSET.toLowerCase()}:${from}:${nonce}` as PaymentKey

export const nonceOf = (key: string): string => key.split(':').at(-1) ?? ''
export const payerOf = (key: string): string => key.split(':').at(-2) ?? ''

/** All that is signed. */
export const digestOf = (
  signed: Omit<Signed, 'id' | 'validBefore'> & { readonly validBefore: bigint | number },
): string => JSON.stringify([signed.from, signed.to, String(signed.amount), String(signed.validBefore), signed.nonce])

/** Cryptography is not the model's matter: whoever is named has signed, unless the signature says that it is forged. */
export function identify(payment: Payment): IdentifiedPayment | ReturnType<typeof refuse> {
  const { authorization } = payment
  if (authorization.kind !== 'eip3009') return refuse('invalid_payload')
  const { from, to, value, validAfter, validBefore, nonce, signature } = authorization
  if (signature[0] !== 0x11) return refuse('invalid_exact_evm_payload_signature')
  return {
    payment,
    key: keyOf({ from, nonce }),
    signed: digestOf({ from, to, amount: value, validBefore, nonce }),
    payer: from,
    transfer: {
      kind: 'eip3009',
      network: NETWORK,
      asset: ASSET,
      from,
      to,
      amount: value,
      nonce,
      window: { validAfter, validBefore },
      endsBy: seconds(Number(validBefore)),
    },
    sponsored: undefined,
  }
}
