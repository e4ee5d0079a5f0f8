import type { FencingToken, Milliseconds, PaymentKey } from '../domain/ids.ts'
import type { ClaimResult, NewClaim, PaymentRecord, PaymentState } from '../domain/record.ts'

/** A change of a record: the state it goes to and what is learnt with it. */
export interface Move {
  readonly to: PaymentState
  readonly learnt?: Partial<Pick<PaymentRecord, 'attempt' | 'settlement' | 'reverted' | 'tries'>>
}

/**
 * Remembers payments for every instance that shares it.
 *
 * Each method is one atomic operation on the store's own clock. Every record outlives the authorization it stands for.
 *
 * @throws StoreUnavailable from every method when the store cannot answer; the caller must refuse the request.
 */
export interface Store {
  /** For logs and the ready probe: `redis` or `lmdb`. */
  readonly kind: string

  /** What is known of a payment, or undefined. Takes no right and changes nothing. */
  read(key: PaymentKey): Promise<PaymentRecord | undefined>

  /**
   * Takes the exclusive right to work on a payment.
   *
   * Of any number of concurrent callers with one key, exactly one gets a token; the others learn why not.
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

  /** Answers when the store can take writes. */
  ping(): Promise<void>

  close(): Promise<void>
}

/** The store did not answer, or refused to write. While it lasts the gate is shut. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}
