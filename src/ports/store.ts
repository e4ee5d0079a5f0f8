import type { FencingToken, Milliseconds, PaymentKey, Seconds } from '../domain/ids.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import type { ClaimResult, Move, NewClaim, PaymentRecord, PaymentTerms } from '../domain/record.ts'
import type { Settlement } from '../domain/settlement.ts'
import type { Lanes } from './lanes.ts'

/** A record and the right to work on it. */
export interface Taken {
  readonly token: FencingToken
  readonly record: PaymentRecord
}

/** A credit the operator grants: for a payment that was spent and is not known here, or as a present. */
export interface Grant {
  readonly key: PaymentKey
  readonly terms: PaymentTerms
  /** The transfer that is made good; its amount is 0 for a present. */
  readonly settlement: Settlement
  readonly forgetAfter: Seconds
}

/**
 * Remembers payments for every instance that shares it.
 *
 * Each method is one atomic operation on the store's own clock, ledger entry included. Every record outlives the
 * authorization it stands for. `adapters/store/rules.ts` states what each does, for every store alike.
 *
 * @throws StoreUnavailable from every method when the store cannot answer; the caller must refuse the request.
 */
export interface Store {
  /** For logs and the ready probe: `redis` or `lmdb`. */
  readonly kind: string

  /** The nonces of our relayers, for all instances and workers. */
  readonly lanes: Lanes

  /**
   * Changes when the store may have forgotten something: emptied, or failed over to a replica. Chains that cannot tell a
   * replay by themselves stay shut for a while then (threats T9).
   */
  epoch(): string

  /** What is known of a payment, or undefined. Takes no right and changes nothing. */
  read(key: PaymentKey): Promise<PaymentRecord | undefined>

  /**
   * Takes the exclusive right to work on a payment.
   *
   * Of any number of concurrent callers with one key, exactly one gets a token; the others learn why not. Where the same
   * payer has a credit for the same request, the credit is leased instead and this payment stays unspent.
   */
  claim(claim: NewClaim, lease: Milliseconds): Promise<ClaimResult>

  /**
   * Moves a record on, if the token still owns it. A move to a resting state ends the lease with it.
   *
   * @returns false when another owner has taken over: the caller must stop at once.
   */
  move(key: PaymentKey, token: FencingToken, move: Move): Promise<boolean>

  /** Lengthens the lease; false when it is lost. */
  renew(key: PaymentKey, token: FencingToken, lease: Milliseconds): Promise<boolean>

  /** Forgets a claim. Only for a payment of which nothing was sent: its key is free again. */
  release(key: PaymentKey, token: FencingToken): Promise<boolean>

  /** Payments that are due to be looked at: their lease has run out, or their settlement should be final by now. */
  due(limit: number): Promise<readonly PaymentKey[]>

  /** Takes a record that nobody works on; undefined while somebody does (then it is due again when that lease ends). */
  takeOver(key: PaymentKey, lease: Milliseconds): Promise<Taken | undefined>

  /** Payments whose service is owed and whose tries are spent or not: what an operator may refund. */
  credits(): Promise<readonly (PaymentRecord & { readonly key: PaymentKey })[]>

  /** Opens a credit, or gives an exhausted one new tries; false when the key is in another state. */
  grant(grant: Grant): Promise<boolean>

  /** Every entry of the ledger from `since` to before `until`, in the order of their times. */
  ledger(since?: Milliseconds, until?: Milliseconds): AsyncIterable<LedgerEntry>

  /** Answers when the store can take writes. */
  ping(): Promise<void>

  close(): Promise<void>
}

/** The store did not answer, or refused to write. While it lasts the gate is shut. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}
