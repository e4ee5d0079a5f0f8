import { createHash } from 'node:crypto'
import {
  type FencingToken,
  type Fingerprint,
  type Milliseconds,
  milliseconds,
  type PaymentKey,
  seconds,
} from '../domain/ids.ts'
import type { IdentifiedPayment } from '../domain/payment.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { PricedRequest } from '../domain/request.ts'
import type { Claim } from '../ports/claim.ts'
import type { Store } from '../ports/store.ts'

/** Records are kept this long after the chain itself refuses the authorization (design: expiry + skew + margin). */
const MEMORY_MARGIN_SECONDS = 3_600

export interface ClaimTerms {
  readonly version: string
  readonly skewSeconds: number
  readonly leaseMs: number
}

/**
 * Claims a payment for a request: one atomic operation in the store.
 *
 * Of all callers that bring the same authorization, on any instance, one goes on; the others are answered here.
 */
export async function claim(
  store: Store,
  payment: IdentifiedPayment,
  request: PricedRequest,
  terms: ClaimTerms,
): Promise<Claim | Refusal> {
  const { key, payer, transfer } = payment
  // The chain's nonce is the key; two authorizations can share it, so a record also belongs to what was signed (threats T11).
  const fingerprint = createHash('sha256')
    .update(`${request.fingerprint}:${payment.signed}`)
    .digest('base64url') as Fingerprint
  const lease = milliseconds(terms.leaseMs)
  const forgetAfter = seconds(transfer.endsBy + terms.skewSeconds + MEMORY_MARGIN_SECONDS)
  const result = await store.claim({ key, payer, fingerprint, version: terms.version, forgetAfter }, lease)
  switch (result.outcome) {
    case 'claimed':
      return hold(store, key, result.token, lease, { kind: 'new' })
    case 'unresolved':
      return hold(store, key, result.token, lease, { kind: 'unresolved', record: result.record })
    case 'owed':
      return hold(store, key, result.token, lease, { kind: 'owed', settlement: result.settlement, tries: result.tries })
    case 'in-flight':
      return refuse('payment_in_flight', { retryAfter: result.retryAfter })
    case 'spent':
      return refuse('payment_already_used', {
        detail: `It was settled by ${result.settlement.transaction} and its response was delivered.`,
      })
    case 'exhausted':
      return refuse('delivery_exhausted', { settlement: result.settlement })
    case 'void':
      return refuse('payment_expired')
    case 'other-request':
      return refuse('payment_for_other_request')
  }
}

/** Renews the lease at a third of its length until the claim ends. */
function hold(store: Store, key: PaymentKey, token: FencingToken, lease: Milliseconds, found: Claim['found']): Claim {
  const lost = new AbortController()
  // The lease runs on the store's clock; here is only counted since when it was last seen to be ours.
  let seen = performance.now()
  const renew = async (): Promise<void> => {
    const asked = performance.now()
    if (await store.renew(key, token, lease)) seen = asked
    else lost.abort()
  }
  const beat = setInterval(() => {
    renew().catch(() => {
      if (performance.now() - seen > lease) lost.abort()
    })
  }, lease / 3)
  beat.unref()
  return {
    key,
    found,
    lost: lost.signal,
    async confirm() {
      if (performance.now() - seen > lease / 2) await renew()
      return !lost.signal.aborted
    },
    move: (move) => store.move(key, token, move),
    release: async () => void (await store.release(key, token)),
    end: () => clearInterval(beat),
  }
}
