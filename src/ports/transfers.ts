import type { AtomicUnits, PaymentKey } from '../domain/ids.ts'

/** What one owner holds of one asset. */
export interface Holding {
  readonly asset: string
  readonly owner: string
}

/** One movement of a holding, as the chain has it. Nothing moved is no transfer. */
export interface ChainTransfer {
  readonly direction: 'in' | 'out'
  readonly amount: AtomicUnits
  /** Who sent it, or got it; undefined where the transaction does not name one owner. */
  readonly counterparty: string | undefined
  readonly transaction: string
  /** The block (EVM) or slot (Solana) that holds it. */
  readonly block: bigint
  /**
   * Present when the payer signed it for somebody else to send, as x402 has it: what a plain deposit never is. The key is the
   * one the payment has here, undefined where payments of this form are not taken.
   */
  readonly payment?: { readonly key: PaymentKey | undefined }
}

/** What a holding was before and after a range of blocks. */
export interface Balances {
  readonly opening: bigint
  readonly closing: bigint
}

/**
 * Reads past transfers from our own node, for the ledger to be held against.
 *
 * @throws ChainUnavailable from every method
 */
export interface Transfers {
  /** The newest block or slot that is confirmed. */
  head(): Promise<bigint>

  /** How many blocks or slots are made in a day, about. */
  readonly blocksPerDay: bigint

  /** Which block holds a transaction that succeeded; undefined when the chain has no such one. */
  blockOf(transaction: string): Promise<bigint | undefined>

  /** Every transfer of a holding from one block to another, both included; in no certain order. */
  between(holding: Holding, from: bigint, to: bigint): AsyncIterable<ChainTransfer>

  /** What was held before `from` and after `to`; undefined where the node keeps no state that old. */
  balances(holding: Holding, from: bigint, to: bigint): Promise<Balances | undefined>

  close(): Promise<void>
}
