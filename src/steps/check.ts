import type { Route } from '../domain/catalogue.ts'
import type { Seconds } from '../domain/ids.ts'
import type { EchoedTerms, IdentifiedPayment } from '../domain/payment.ts'
import type { ProblemCode } from '../domain/problems.ts'
import type { Offer, Quote } from '../domain/quote.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'

/** An authorization must outlive the time it takes to settle it. */
const MIN_VALIDITY_SECONDS = 6

/** How long an authorization must live from now on; where it is settled last, the upstream may take its whole time first. */
export function leastLife({ settle, timeoutMs }: Pick<Route, 'settle' | 'timeoutMs'>): number {
  return MIN_VALIDITY_SECONDS + (settle === 'after' ? Math.ceil(timeoutMs / 1_000) : 0)
}

export interface CheckContext {
  readonly now: Seconds
  readonly skewSeconds: number
  /** How long an authorization must live from now on: until it is surely settled. */
  readonly leastLifeSeconds: number
}

interface Guard {
  readonly name: string
  readonly code: ProblemCode
  holds(payment: IdentifiedPayment, offer: Offer, context: CheckContext): boolean
}

/**
 * Everything a payment must satisfy that needs no network, in the order it is looked at.
 *
 * Each guard stands alone: `npm run mutate` takes them away one by one and names the test that notices.
 */
export const guards: readonly Guard[] = [
  {
    name: 'terms',
    code: 'invalid_payment_requirements',
    holds: ({ payment }, offer) => !payment.accepted || echoes(payment.accepted, offer),
  },
  {
    name: 'recipient',
    code: 'invalid_exact_evm_payload_recipient_mismatch',
    holds: ({ transfer }, offer) => sameAddress(transfer.to, offer.payTo),
  },
  {
    name: 'not-to-oneself',
    code: 'invalid_exact_evm_payload_recipient_mismatch',
    holds: ({ transfer }) => !sameAddress(transfer.from, transfer.to),
  },
  {
    name: 'amount',
    code: 'invalid_exact_evm_payload_authorization_value',
    holds: ({ transfer }, offer) => transfer.amount === offer.amount,
  },
  {
    name: 'not-yet-valid',
    code: 'invalid_exact_evm_payload_authorization_valid_after',
    holds: ({ transfer: { window } }, _, { now }) => !window || window.validAfter <= BigInt(now),
  },
  {
    name: 'ends-too-soon',
    code: 'invalid_exact_evm_payload_authorization_valid_before',
    holds: ({ transfer: { window } }, _, { now, leastLifeSeconds }) =>
      !window || window.validBefore >= BigInt(now + leastLifeSeconds),
  },
  // One that lives longer than its quote would outlive our memory of it (threats T9).
  {
    name: 'ends-too-late',
    code: 'invalid_exact_evm_payload_authorization_valid_before',
    holds: ({ transfer: { window } }, offer, { now, skewSeconds }) =>
      !window || window.validBefore <= BigInt(now + offer.maxTimeoutSeconds + skewSeconds),
  },
  {
    name: 'fee-payer',
    code: 'invalid_exact_svm_fee_payer_mismatch',
    holds: ({ sponsored }, offer) => !sponsored || sponsored.feePayer === offer.extra['feePayer'],
  },
]

/** On Solana the same failings have names of their own in x402. */
const SOLANA_CODES: Partial<Record<ProblemCode, ProblemCode>> = {
  invalid_exact_evm_payload_recipient_mismatch: 'invalid_exact_svm_payload_recipient_mismatch',
  invalid_exact_evm_payload_authorization_value: 'invalid_exact_svm_payload_amount_mismatch',
}

/** Finds the offer that a payment takes up, or says which of its terms is wrong. */
export function check(payment: IdentifiedPayment, quote: Quote, context: CheckContext): Offer | Refusal {
  if (quote.identifier === 'required' && payment.payment.identifier === undefined)
    return refuse('payment_identifier_required')
  const onNetwork = quote.honoured.filter(({ network }) => network === payment.transfer.network)
  if (onNetwork.length === 0) return refuse('invalid_network')
  const inAsset = onNetwork.filter(({ asset }) => sameAddress(asset, payment.transfer.asset))
  if (inAsset.length === 0) return wrongAsset(payment)
  // What the offer of today would refuse may fit one that is still honoured.
  const failures = inAsset.map((offer) => guards.find((guard) => !guard.holds(payment, offer, context)))
  const taken = inAsset[failures.indexOf(undefined)]
  if (taken) return taken
  const { code } = failures[0] as Guard
  return refuse(payment.sponsored ? (SOLANA_CODES[code] ?? code) : code)
}

function wrongAsset({ sponsored }: IdentifiedPayment): Refusal {
  return refuse(sponsored ? 'invalid_exact_svm_payload_mint_mismatch' : 'invalid_payment_requirements', {
    detail: 'The asset is not offered for this route.',
  })
}

/** EVM addresses are the same in any case; base58 is not. */
function sameAddress(a: string, b: string): boolean {
  return a === b || (a.startsWith('0x') && b.startsWith('0x') && a.toLowerCase() === b.toLowerCase())
}

/** x402 v2: core members equal letter by letter, and the offer's `extra` contained in the client's. */
function echoes(terms: EchoedTerms, offer: Offer): boolean {
  return (
    terms.scheme === offer.scheme &&
    terms.network === offer.network &&
    terms.amount === offer.amount &&
    terms.asset === offer.asset &&
    terms.payTo === offer.payTo &&
    terms.maxTimeoutSeconds === offer.maxTimeoutSeconds &&
    Object.entries(offer.extra).every(([key, value]) => terms.extra?.[key] === value)
  )
}
