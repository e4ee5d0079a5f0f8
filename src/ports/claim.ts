import type { PaymentKey } from '../domain/ids.ts'
import { isExhausted, type Move, type Owed, type PaymentRecord, type StoredResponse } from '../domain/record.ts'
import type { Settlement } from '../domain/settlement.ts'

/** The exclusive right to work on one payment, kept alive while the work lasts. */
export interface Claim {
  /** The payment that is worked on: the one that came, or the earlier one from whose credit the call is served. */
  readonly key: PaymentKey
  /**
   * What was found: nothing yet (and how many payments of the payer are unsettled), an unknown outcome, or a settled payment
   * that is owed its service.
   */
  readonly found:
    | { readonly kind: 'new'; readonly unsettled: number }
    | { readonly kind: 'unresolved'; readonly record: PaymentRecord }
    | ({ readonly kind: 'owed' } & Owed)
  /** Aborts when the lease is lost: whatever is under way for the payment stops. */
  readonly lost: AbortSignal
  /** Whether the claim is ours still; asks the store where that is not certain. */
  confirm(): Promise<boolean>
  /** Moves the record on; false when the claim is lost, and then nothing more may be sent anywhere. */
  move(move: Move): Promise<boolean>
  /** Ends the work as if it had never begun, only while nothing was sent; false when the payment is somebody else's by now. */
  release(): Promise<boolean>
  /** Stops renewing. A claim left in a working state runs out by itself, and the next caller takes it over. */
  end(): void
}

/** A call that was answered before under the same payment identifier: its response again, and its receipt. */
export interface Replay {
  readonly replay: StoredResponse
  readonly settlement: Settlement
}

/** What a try that failed is answered with: the last one cannot be followed by another. */
export function failureOf({ found }: Claim): 'upstream_failed' | 'delivery_exhausted' {
  const tries = found.kind === 'owed' ? found.tries : 0
  return isExhausted({ tries: tries + 1 }) ? 'delivery_exhausted' : 'upstream_failed'
}
