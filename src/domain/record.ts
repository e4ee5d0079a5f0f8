import type { FencingToken, Fingerprint, Milliseconds, PaymentKey, Seconds } from './ids.ts'
import type { Transfer } from './payment.ts'
import type { Attempt, Settlement } from './settlement.ts'

/**
 * Where a payment stands. States only move forward, a reorg excepted; `released` is the absence of a record.
 *
 *     claimed ─▶ settling ─▶ settled ─▶ delivering ─▶ delivered
 *        │          │           └────────────┴──────▶ credited ─▶ delivering | refunding ─▶ refunded
 *        │          └─▶ unknown ─▶ settled | credited | void
 *        └─▶ released (nothing was signed or sent: the key is free again)
 */
export type PaymentState =
  | 'claimed'
  | 'settling'
  | 'unknown'
  | 'settled'
  | 'delivering'
  | 'delivered'
  | 'credited'
  | 'refunding'
  | 'refunded'
  | 'void'

/** Where each state may go. A reorg sends what counted as settled back to `unknown`; the reconciler alone makes that move. */
export const NEXT_STATES: Readonly<Record<PaymentState, readonly PaymentState[]>> = {
  claimed: ['settling'],
  settling: ['settling', 'unknown', 'settled', 'credited', 'delivered', 'void'],
  unknown: ['unknown', 'settling', 'settled', 'credited', 'delivered', 'void'],
  settled: ['delivering', 'credited', 'unknown'],
  delivering: ['delivering', 'delivered', 'credited', 'unknown'],
  delivered: ['delivered', 'unknown'],
  credited: ['credited', 'delivering', 'refunding', 'unknown'],
  refunding: ['refunding', 'refunded', 'credited'],
  refunded: [],
  void: [],
}

/** States in which nobody works on the payment: going to one gives the lease up. */
export const RESTING_STATES: readonly PaymentState[] = ['unknown', 'delivered', 'credited', 'refunded', 'void']

/** States that need not be remembered once the chain itself refuses the authorization. */
export const CLOSED_STATES: readonly PaymentState[] = ['delivered', 'refunded', 'void']

/** States in which the chain has not said yet what became of the money. */
export const UNSETTLED_STATES: readonly PaymentState[] = ['settling', 'unknown']

/** States in which a payer may have a service coming, so that a new payment for the same request looks at them first. */
export const OWED_STATES: readonly PaymentState[] = ['settling', 'unknown', 'settled', 'delivering', 'credited']

/** A settled payment is forwarded this often at most; after that the operator refunds it. */
export const MAX_DELIVERY_TRIES = 3

/** How long a payment identifier is remembered with its response (x402 extension `payment-identifier`). */
export const IDENTIFIER_MEMORY_SECONDS = 86_400 as Seconds

/** How long a response that was not delivered is kept to be handed out again; after that its credit calls the upstream anew. */
export const COPY_MEMORY_SECONDS = 604_800 as Seconds

/** What a payment was made for; written once, when it is claimed. */
export interface PaymentTerms {
  /** Which price version was paid. */
  readonly version: string
  /** `GET /v2/quantmetrics`, as in pricing.json. */
  readonly route: string
  /** Digest of the request: method, target and body. */
  readonly request: Fingerprint
  /** Digest of all that was signed, see IdentifiedPayment. */
  readonly signed: string
  readonly payer: string
  readonly transfer: Transfer
}

/** What the store knows of a payment. */
export interface PaymentRecord {
  readonly state: PaymentState
  readonly terms: PaymentTerms
  /** After this moment the chain itself refuses the authorization, so a closed record may be forgotten. */
  readonly forgetAfter: Seconds
  readonly attempt?: Attempt
  readonly settlement?: Settlement
  /** A mined transaction moved nothing; the authorization may still be spendable. */
  readonly reverted?: boolean
  /** How often the upstream was called for it, or its kept response sent. */
  readonly tries?: number
  /** A response was handed over, or may have been: nothing more is owed, though the delivery never be closed. */
  readonly served?: boolean
  /** The settlement is finalised: it is not looked at again. */
  readonly final?: boolean
  /** Served from the credit of another payment, and never sent itself. */
  readonly against?: PaymentKey
  /** The transfer back, once the operator has begun one. */
  readonly refund?: Refund
}

/** A transfer from the operator back to the payer: what was about to be sent, and how it ended. */
export interface Refund {
  readonly attempt: Attempt
  readonly settlement?: Settlement
}

/** An upstream's whole response as it is kept: to be sent again byte for byte. */
export interface StoredResponse {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}

/** A claim's name for idempotent retries, chosen by the client (x402 extension `payment-identifier`). */
export interface PaymentIdentifier {
  readonly id: string
  /** Digest of the terms and the request it was first used with: the same id for anything else is refused. */
  readonly binding: string
}

export interface NewClaim {
  readonly key: PaymentKey
  readonly terms: PaymentTerms
  readonly forgetAfter: Seconds
  readonly identifier?: PaymentIdentifier | undefined
}

/** A settled payment whose service is owed, leased to the caller. */
export interface Owed {
  /** Which payment is served: the claimed one, or an earlier one by the same payer for the same request. */
  readonly key: PaymentKey
  readonly settlement: Settlement
  readonly tries: number
  /** A response was kept for it: the upstream is not called again. */
  readonly kept: StoredResponse | undefined
}

/**
 * What came of asking for the exclusive right to spend a payment.
 *
 * `claimed`, `unresolved` and `owed` carry a token: the caller now owns the record until its lease ends.
 *
 * - `earlier-unknown`: an earlier payment by the same payer for the same request may have been settled; nothing is charged
 *   for this one until the chain has been asked about that one.
 * - `stored`: the payment identifier was used before with the same terms and request; this is its response.
 * - `identifier-reused`: it was used before, with other terms or another request.
 * - `identifier-spent`: it was used before, and its response is not kept any more.
 */
export type ClaimResult =
  | { readonly outcome: 'claimed'; readonly token: FencingToken; readonly unsettled: number }
  | { readonly outcome: 'unresolved'; readonly token: FencingToken; readonly record: PaymentRecord }
  | ({ readonly outcome: 'owed'; readonly token: FencingToken } & Owed)
  | { readonly outcome: 'in-flight'; readonly retryAfter: Seconds }
  | { readonly outcome: 'earlier-unknown'; readonly key: PaymentKey; readonly retryAfter: Seconds }
  | { readonly outcome: 'stored'; readonly settlement: Settlement; readonly response: StoredResponse }
  | { readonly outcome: 'spent'; readonly settlement: Settlement }
  | { readonly outcome: 'exhausted'; readonly settlement: Settlement }
  | { readonly outcome: 'refunded'; readonly settlement: Settlement }
  | { readonly outcome: 'void' }
  | { readonly outcome: 'other-request' }
  | { readonly outcome: 'identifier-reused' }
  | { readonly outcome: 'identifier-spent' }

/** What is learnt with a move. */
export type Learnt = Partial<
  Pick<PaymentRecord, 'attempt' | 'settlement' | 'reverted' | 'tries' | 'served' | 'final' | 'refund'>
>

/** A change of a record: the state it goes to, and what is learnt with it. */
export interface Move {
  readonly to: PaymentState
  readonly learnt?: Learnt
  /** The response as it is about to be sent, kept until the payment is closed (with an identifier, 24 h longer). */
  readonly keep?: StoredResponse | undefined
  /** The payment that is served from this one's credit: closed with it when it is delivered, free again when it is not. */
  readonly closes?: PaymentKey | undefined
  /** When the reconciler should look at the record; by default when its lease ends, and never where it has none. */
  readonly lookIn?: Milliseconds | undefined
  /** The HTTP status handed to the payer, for the ledger. */
  readonly status?: number | undefined
}

/** What a known record answers to a new request for the same payment, its lease aside. Pure, so that every store decides alike. */
export function answerKnown(
  record: PaymentRecord,
  terms: PaymentTerms,
): 'claim' | 'unresolved' | 'owed' | 'spent' | 'exhausted' | 'refunding' | 'refunded' | 'void' | 'other-request' {
  // A payment belongs to the request it was claimed for and to all that was signed, whatever became of it (threats T11).
  if (record.terms.request !== terms.request || record.terms.signed !== terms.signed) return 'other-request'
  switch (record.state) {
    case 'claimed':
      return 'claim'
    case 'settling':
    case 'unknown':
      return 'unresolved'
    case 'settled':
    case 'delivering':
    case 'credited':
      return isExhausted(record) ? 'exhausted' : 'owed'
    case 'delivered':
      return 'spent'
    case 'refunding':
    case 'refunded':
      return record.state
    case 'void':
      return 'void'
  }
}

/** Nothing more is handed out for it: tried as often as it may be, or a response may have been handed over whole. */
export function isExhausted({ tries = 0, served }: Pick<PaymentRecord, 'tries' | 'served'>): boolean {
  return served === true || tries >= MAX_DELIVERY_TRIES
}
