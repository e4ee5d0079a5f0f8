import type { Milliseconds, PaymentKey } from './ids.ts'
import type { PaymentState, PaymentTerms, Refund } from './record.ts'
import type { Settlement } from './settlement.ts'

/**
 * One move of a payment, as the ledger keeps it: written in the same atomic step as the state, never changed.
 *
 * The ledger begins where something may leave the house: a claim that is released leaves no entry. The first entry of a
 * payment carries its terms; the entry in which its settlement was learnt carries that.
 */
export interface LedgerEntry {
  /** On the store's clock, in milliseconds since the Unix epoch. */
  readonly at: Milliseconds
  readonly key: PaymentKey
  /** `delivered` with `against` was served from another payment's credit, and moved no money. */
  readonly event: PaymentState
  readonly terms?: PaymentTerms
  /** The transaction that was about to be sent. */
  readonly transaction?: string
  readonly settlement?: Settlement
  readonly against?: PaymentKey
  readonly refund?: Refund
  /** HTTP status handed to the payer. */
  readonly status?: number
}
