import { createHash } from 'node:crypto'
import { type FencingToken, type Milliseconds, milliseconds, type PaymentKey, seconds } from '../domain/ids.ts'
import type { IdentifiedPayment } from '../domain/payment.ts'
import type { ClaimResult, Move, NewClaim } from '../domain/record.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { PricedRequest } from '../domain/request.ts'
import type { Claim, Replay } from '../ports/claim.ts'
import type { Store } from '../ports/store.ts'

/** Records are kept this long after the chain itself refuses the authorization (design: expiry + skew + margin). */
const MEMORY_MARGIN_SECONDS = 3_600
/** How soon the reconciler asks the chain about an outcome that was left unknown. */
const UNKNOWN_LOOK_MS = milliseconds(2_000)

export interface ClaimContext {
  /** Price version and route, as they are kept with the record. */
  readonly version: string
  readonly route: string
  readonly skewSeconds: number
  readonly leaseMs: number
  /** When a settlement should be final and is looked at again. */
  readonly finality: Milliseconds
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
  context: ClaimContext,
): Promise<Claim | Replay | Refusal> {
  const lease = milliseconds(context.leaseMs)
  const result = await store.claim(claimOf(payment, request, context), lease)
  const held = (token: FencingToken, key: PaymentKey, found: Claim['found']) =>
    hold(store, { key, token, lease, found, closes: key === payment.key ? undefined : payment.key }, context.finality)
  switch (result.outcome) {
    case 'claimed':
      return held(result.token, payment.key, { kind: 'new', unsettled: result.unsettled })
    case 'unresolved':
      return held(result.token, payment.key, { kind: 'unresolved', record: result.record })
    case 'owed':
      return held(result.token, result.key, { ...result, kind: 'owed' })
    case 'stored':
      return { replay: result.response, settlement: result.settlement }
    default:
      return refusalOf(result)
  }
}

function claimOf(payment: IdentifiedPayment, request: PricedRequest, context: ClaimContext): NewClaim {
  const { key, signed, payer, transfer } = payment
  const { version, route } = context
  const id = payment.payment.identifier
  return {
    key,
    terms: { version, route, request: request.fingerprint, signed, payer, transfer },
    forgetAfter: seconds(transfer.endsBy + context.skewSeconds + MEMORY_MARGIN_SECONDS),
    identifier: id === undefined ? undefined : { id, binding: bindingOf(payment, request) },
  }
}

/** The same identifier again means the same call on the same terms; a new authorization for them may come with it. */
function bindingOf({ transfer }: IdentifiedPayment, { fingerprint }: PricedRequest): string {
  const { network, asset, to, amount } = transfer
  return createHash('sha256').update([fingerprint, network, asset, to, amount].join('\n')).digest('base64url')
}

function refusalOf(result: Exclude<ClaimResult, { outcome: 'claimed' | 'unresolved' | 'owed' | 'stored' }>): Refusal {
  switch (result.outcome) {
    case 'in-flight':
      return refuse('payment_in_flight', { retryAfter: result.retryAfter })
    case 'earlier-unknown':
      return refuse('earlier_payment_pending', {
        retryAfter: result.retryAfter,
        detail: `The outcome of ${result.key} is not known yet; this payment is not charged meanwhile.`,
      })
    case 'spent':
      return refuse('payment_already_used', {
        detail: `It was settled by ${result.settlement.transaction} and its response was delivered.`,
      })
    case 'exhausted':
      return refuse('delivery_exhausted', { settlement: result.settlement })
    case 'refunded':
      return refuse('payment_refunded')
    case 'void':
      return refuse('payment_expired')
    case 'other-request':
      return refuse('payment_for_other_request')
    case 'identifier-reused':
      return refuse('payment_identifier_conflict')
    case 'identifier-spent':
      return refuse('payment_identifier_spent')
  }
}

interface Held {
  readonly key: PaymentKey
  readonly token: FencingToken
  readonly lease: Milliseconds
  readonly found: Claim['found']
  /** The payment that came, where another one's credit serves it. */
  readonly closes: PaymentKey | undefined
}

/** Renews the lease at a third of its length until the claim ends. */
function hold(store: Store, { key, token, lease, found, closes }: Held, finality: Milliseconds): Claim {
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
    move: (move) => store.move(key, token, { closes, lookIn: lookAfter(move, finality), ...move }),
    release: () => store.release(key, token),
    end: () => clearInterval(beat),
  }
}

/** When the reconciler looks at what a request leaves behind. */
function lookAfter({ to }: Move, finality: Milliseconds): Milliseconds | undefined {
  if (to === 'unknown') return UNKNOWN_LOOK_MS
  return to === 'delivered' || to === 'credited' ? finality : undefined
}
