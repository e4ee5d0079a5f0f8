import type { Execution } from './svm.ts'
import type { TokenAmount } from './token.ts'
import type { Transaction } from './transaction.ts'

export interface TokenBalance {
  accountIndex: number
  mint: string
  owner: string
  programId: string
  uiTokenAmount: TokenAmount
}

export interface Balances {
  lamports: bigint[]
  tokens: TokenBalance[]
}

/** A transaction in a block, whether it succeeded or failed. */
export interface Landed {
  transaction: Transaction
  execution: Execution
  /** Its place among all that ever landed. */
  sequence: number
  slot: number
  blockTime: number
  /** On the monotonic clock. */
  landedAt: number
  fee: bigint
  /** Addresses that came out of lookup tables. */
  loaded: { writable: string[]; readonly: string[] }
  before: Balances
  after: Balances
}

const KEPT_TRANSACTIONS = 100_000

export const accountKeysOf = ({ transaction, loaded }: Landed): string[] => [
  ...transaction.message.accountKeys,
  ...loaded.writable,
  ...loaded.readonly,
]

/** What landed, by signature and by every address it mentions, in the order of landing. */
export class Ledger {
  readonly #bySignature = new Map<string, Landed>()
  readonly #byAddress = new Map<string, Landed[]>()
  #count = 0

  get count(): number {
    return this.#count
  }

  add(fields: Omit<Landed, 'sequence'>): void {
    this.#count += 1
    const landed = { ...fields, sequence: this.#count }
    this.#bySignature.set(landed.transaction.signature, landed)
    for (const address of new Set(accountKeysOf(landed))) {
      const history = this.#byAddress.get(address)
      if (history === undefined) this.#byAddress.set(address, [landed])
      else history.push(landed)
    }
    if (this.#bySignature.size > KEPT_TRANSACTIONS) this.#forgetOldest()
  }

  get(signature: string): Landed | undefined {
    return this.#bySignature.get(signature)
  }

  /** Oldest first. */
  mentioning(address: string): readonly Landed[] {
    return this.#byAddress.get(address) ?? []
  }

  #forgetOldest(): void {
    const [oldest] = this.#bySignature.values()
    if (oldest === undefined) return
    this.#bySignature.delete(oldest.transaction.signature)
    for (const address of new Set(accountKeysOf(oldest))) {
      const history = this.#byAddress.get(address)
      if (history?.[0] === oldest) history.shift()
      if (history?.length === 0) this.#byAddress.delete(address)
    }
  }
}
