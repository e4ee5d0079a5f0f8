import type { PaymentKey } from '../domain/ids.ts'
import type { PaymentRecord } from '../domain/record.ts'
import type { Settlement } from '../domain/settlement.ts'
import type { Move } from './store.ts'

/** The exclusive right to work on one payment, kept alive while the work lasts. */
export interface Claim {
  readonly key: PaymentKey
  /** What was found under the key: nothing yet, an unknown outcome, or a settled payment that is owed its service. */
  readonly found:
    | { kind: 'new' }
    | { kind: 'unresolved'; record: PaymentRecord }
    | { kind: 'owed'; settlement: Settlement; tries: number }
  /** Aborts when the lease is lost: whatever is under way for the payment stops. */
  readonly lost: AbortSignal
  /** Whether the claim is ours still; asks the store where that is not certain. */
  confirm(): Promise<boolean>
  /** Moves the record on; false when the claim is lost, and then nothing more may be sent anywhere. */
  move(move: Move): Promise<boolean>
  /** Ends the work as if it had never begun; only while nothing was sent. */
  release(): Promise<void>
  /** Stops renewing. A claim left in a working state runs out by itself, and the next caller takes it over. */
  end(): void
}
