import type { PaymentState } from '../../src/domain/record.ts'

/** A payment by what the chain tells it from others: the EIP-3009 nonce, or the hash of the Solana message. */
export type PaymentId = string

/** All that was seen of one trial, from outside the gateway; what the invariants are checked against. */
export interface History {
  /** How to see it again. */
  readonly trial: string
  /** When the route settles; before the upstream is called, unless the operator chose otherwise. */
  readonly settle: 'before' | 'parallel' | 'after'
  readonly payments: readonly PaymentFacts[]
  /** Trials whose payments moved money only now, after they had come to rest. */
  readonly strays: readonly string[]
  readonly hits: readonly HitFacts[]
  readonly answers: readonly AnswerFacts[]
  /** The 200s that the gateway handed over, whether or not they arrived. */
  readonly handedOver: readonly Handed[]
  /** The response is small enough to be kept, so that it can be sent again byte for byte. */
  readonly kept: boolean
  readonly ending: Ending
}

/** `silent`: the agent never asked again, by plan. `gave-up`: it asked until its time was up. */
export type Ending = 'served' | 'refused' | 'silent' | 'gave-up'

/** A 200 that left the gateway. */
export interface Handed {
  /** From the receipt. */
  readonly transaction: string
  /** All of it left. */
  readonly whole: boolean
}

export interface PaymentFacts {
  readonly id: PaymentId
  /** Transactions that moved its money, as our own node shows them. */
  readonly transfers: readonly string[]
  /** What the store says when all has come to rest. */
  readonly state: PaymentState | 'absent'
  /** It was mined without moving anything, and may still be spent. */
  readonly reverted: boolean
  /** The payment whose credit it was served from. */
  readonly against: PaymentId | undefined
}

/** A request that reached the upstream. */
export interface HitFacts {
  /** From X-Farebox-Payment; undefined when there was none. */
  readonly payment: PaymentId | undefined
  /** Its money had been moved at that moment. */
  readonly settled: boolean
}

/** What an agent got for one request; a connection that broke before any answer has no status. */
export interface AnswerFacts {
  readonly payment: PaymentId
  readonly status: number | undefined
  /** All of it arrived. */
  readonly complete: boolean
  /** Which of the upstream's bodies it holds: no two of those are alike. */
  readonly serial: number | undefined
  /** From the receipt. */
  readonly transaction: string | undefined
  readonly code: string | undefined
  readonly hint: string | undefined
}
