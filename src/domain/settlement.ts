import type { AtomicUnits, Caip2 } from './ids.ts'
import type { ProblemCode } from './problems.ts'

/** A transfer that the chain confirmed, and what proves it. */
export interface Settlement {
  readonly network: Caip2
  readonly asset: string
  readonly payer: string
  readonly payTo: string
  readonly amount: AtomicUnits
  /** Transaction hash (EVM) or signature (Solana). */
  readonly transaction: string
  /** The block (EVM) or slot (Solana) that holds it, as a decimal string; unknown for a grant. */
  readonly block?: string | undefined
}

/** What was about to be sent, written to the store before it is: enough to ask the chain about it later. */
export interface Attempt {
  readonly via: 'embedded' | 'remote'
  /** Who was asked: the origin of a remote facilitator. No other one is, for as long as the outcome is open. */
  readonly facilitator?: string | undefined
  /** The transaction's id where we make it ourselves; a remote facilitator's is known only afterwards. */
  readonly transaction: string | undefined
  /** The raw signed transaction, so that the same bytes can be sent again. */
  readonly raw: string | undefined
  /** Where to begin when the chain's logs are searched. */
  readonly fromBlock: string | undefined
  /** Solana: the last block height at which the transaction can land. */
  readonly lastValidBlockHeight: string | undefined
}

/**
 * How an attempt to settle ended.
 *
 * - `settled`: confirmed, with the exact transfer.
 * - `refused`: found bad before anything was sent; the authorization is untouched and the key is free again.
 * - `unavailable`: some part did not answer, and nothing was sent; the key is free again.
 * - `reverted`: mined without a transfer; not charged, but the authorization could still be spent later.
 * - `unknown`: sent, or maybe sent, and no answer; neither serve nor charge until the chain has been asked.
 */
export type SettleOutcome =
  | { readonly outcome: 'settled'; readonly settlement: Settlement }
  | { readonly outcome: 'refused'; readonly code: ProblemCode }
  | { readonly outcome: 'unavailable'; readonly code: ProblemCode }
  | { readonly outcome: 'reverted'; readonly transaction: string }
  | { readonly outcome: 'unknown' }

/** What the chain says about a payment whose outcome is unknown. `void`: it provably can never be spent. */
export type LookupOutcome =
  | { readonly outcome: 'settled'; readonly settlement: Settlement }
  | { readonly outcome: 'void' }
  | { readonly outcome: 'unspent' }
  | { readonly outcome: 'unknown' }
