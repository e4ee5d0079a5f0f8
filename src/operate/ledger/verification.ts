import type { Caip2, PaymentKey } from '../../domain/ids.ts'
import type { PaymentState } from '../../domain/record.ts'

/** A holding that is verified: what one owner has of one asset on one network. */
export interface Account {
  readonly network: Caip2
  readonly asset: string
  readonly payee: string
}

/** What ledger and chain say of one account, in atomic units. */
export interface Sum extends Account {
  readonly fromBlock: bigint
  readonly toBlock: bigint
  /** Payments less refunds, by the ledger. */
  readonly ledger: bigint
  /** The same by the chain. */
  readonly chain: bigint
  /**
   * Opening balance and all that came and went, against the closing balance. Null where the node keeps no state that old, and
   * for an account that only refunds are paid from.
   */
  readonly balance: {
    readonly opening: bigint
    readonly received: bigint
    readonly sent: bigint
    readonly closing: bigint
  } | null
}

/**
 * - `unrecorded`: an x402 payment on chain that the ledger does not count as paid.
 * - `missing`: paid by the ledger, and not on chain.
 * - `amount`: on both, and not the same.
 * - `refund-missing`, `refund-amount`: the same for a transfer back.
 * - `balance`: the transfers do not add up to the change of the balance.
 * - `unasked`: the chain could not be asked.
 */
export type DifferenceKind =
  | 'unrecorded'
  | 'missing'
  | 'amount'
  | 'refund-missing'
  | 'refund-amount'
  | 'balance'
  | 'unasked'

export interface Difference extends Account {
  readonly kind: DifferenceKind
  readonly payment?: PaymentKey | undefined
  readonly transaction?: string | undefined
  readonly block?: bigint | undefined
  readonly payer?: string | undefined
  /** Amount by the ledger, and by the chain. */
  readonly ledger?: bigint
  readonly chain?: bigint
  /** What is the matter and what to do, in one line. */
  readonly what: string
}

/** A payment of which the ledger does not know yet how it ended. */
export interface Pending extends Account {
  readonly payment: PaymentKey
  readonly state: PaymentState
  readonly amount: bigint
  /** Where the chain shows that it moved all the same. */
  readonly transaction?: string | undefined
}

/** A movement that is neither a payment nor a refund: a deposit, a withdrawal. */
export interface OtherTransfer extends Account {
  readonly direction: 'in' | 'out'
  readonly amount: bigint
  readonly counterparty: string | undefined
  readonly transaction: string
  readonly block: bigint
}

export interface Verification {
  /** No differences. */
  readonly ok: boolean
  readonly sums: readonly Sum[]
  readonly differences: readonly Difference[]
  readonly pending: readonly Pending[]
  readonly other: readonly OtherTransfer[]
}

/** Addresses of EVM chains are the same in any case (EIP-55 is for people); those of Solana are not. */
export function fold(network: string, address: string): string {
  return network.startsWith('eip155:') ? address.toLowerCase() : address
}

export function accountId({ network, asset, payee }: Account): string {
  return `${network} ${fold(network, asset)} ${fold(network, payee)}`
}
