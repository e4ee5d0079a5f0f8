import type { AtomicUnits, Caip2 } from '../domain/ids.ts'
import type { Attempt, Settlement } from '../domain/settlement.ts'

/**
 * What became of a transfer that was prepared. `void`: those bytes can never move anything any more; `unknown`: they may
 * have, or still can.
 */
export type TransferOutcome =
  | { readonly outcome: 'settled'; readonly settlement: Settlement }
  | { readonly outcome: 'void' }
  | { readonly outcome: 'unknown' }

/** An operator's key on one chain, from which payers are paid back. */
export interface Treasury {
  readonly network: Caip2
  readonly address: string

  /**
   * Signs a transfer and sends nothing, so that it can be written down first. No two prepared transfers have the same bytes.
   *
   * @throws TransferImpossible when the chain would refuse it
   * @throws ChainUnavailable
   */
  prepare(to: string, asset: string, amount: AtomicUnits): Promise<Attempt>

  /** Sends what was prepared. The same bytes move the money once, however often they are sent; errors tell nothing. */
  send(attempt: Attempt): Promise<void>

  /** @throws ChainUnavailable */
  outcome(attempt: Attempt): Promise<TransferOutcome>

  close(): Promise<void>
}

/** The chain would refuse the transfer; the message says what is missing, in one line. */
export class TransferImpossible extends Error {
  override readonly name = 'TransferImpossible'
}
