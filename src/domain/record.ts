import type { FencingToken, Fingerprint, PaymentKey, Seconds } from './ids.ts'
import type { Attempt, Settlement } from './settlement.ts'

/**
 * Where a payment stands. States only move forward; `released` is the absence of a record.
 *
 *     claimed ─▶ settling ─▶ settled ─▶ delivering ─▶ delivered
 *        │          │           └────────────┴──────▶ credited ─▶ delivering
 *        │          └─▶ unknown ─▶ settled | void
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
  | 'void'

/** States in which nobody works on the payment: going to one gives the lease up. */
export const RESTING_STATES: readonly PaymentState[] = ['unknown', 'delivered', 'credited', 'void']

/** States that need not be remembered once the chain itself refuses the authorization. */
export const CLOSED_STATES: readonly PaymentState[] = ['delivered', 'void']

/** What the store knows of a payment. */
export interface PaymentRecord {
  readonly state: PaymentState
  readonly payer: string
  readonly fingerprint: Fingerprint
  /** Which price version was paid. */
  readonly version: string
  /** After this moment the chain itself refuses the authorization, so a closed record may be forgotten. */
  readonly forgetAfter: Seconds
  readonly attempt?: Attempt
  readonly settlement?: Settlement
  /** A mined transaction moved nothing; the authorization may still be spendable. */
  readonly reverted?: boolean
  /** How often the upstream was called for it. */
  readonly tries?: number
}

export interface NewClaim {
  readonly key: PaymentKey
  readonly payer: string
  readonly fingerprint: Fingerprint
  readonly version: string
  readonly forgetAfter: Seconds
}

/**
 * What came of asking for the exclusive right to spend a payment.
 *
 * `claimed`, `unresolved` and `owed` carry a token: the caller now owns the record until its lease ends.
 */
export type ClaimResult =
  | { readonly outcome: 'claimed'; readonly token: FencingToken }
  | { readonly outcome: 'unresolved'; readonly token: FencingToken; readonly record: PaymentRecord }
  | { readonly outcome: 'owed'; readonly token: FencingToken; readonly settlement: Settlement; readonly tries: number }
  | { readonly outcome: 'in-flight'; readonly retryAfter: Seconds }
  | { readonly outcome: 'spent'; readonly settlement: Settlement }
  | { readonly outcome: 'exhausted'; readonly settlement: Settlement }
  | { readonly outcome: 'void' }
  | { readonly outcome: 'other-request' }

/** A settled payment is forwarded this often at most; after that the operator refunds it. */
export const MAX_DELIVERY_TRIES = 3

/** What a known record answers to a new request for the same payment, its lease aside. Pure, so that every store decides alike. */
export function answerKnown(
  record: PaymentRecord,
  fingerprint: Fingerprint,
): 'claim' | 'unresolved' | 'owed' | 'spent' | 'exhausted' | 'void' | 'other-request' {
  // A payment belongs to the request it was claimed for, whatever became of it (threats T11).
  if (record.fingerprint !== fingerprint) return 'other-request'
  switch (record.state) {
    case 'claimed':
      return 'claim'
    case 'settling':
    case 'unknown':
      return 'unresolved'
    case 'settled':
    case 'delivering':
    case 'credited':
      return (record.tries ?? 0) >= MAX_DELIVERY_TRIES ? 'exhausted' : 'owed'
    case 'delivered':
      return 'spent'
    case 'void':
      return 'void'
  }
}
