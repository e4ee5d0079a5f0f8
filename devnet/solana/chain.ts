import { type Block, Blocks, SLOTS_PER_EPOCH } from './blocks.ts'
import { toAddress } from './bytes.ts'
import { feeOf } from './fees.ts'
import { type Balances, type Landed, Ledger } from './ledger.ts'
import { ADDRESS_LOOKUP_TABLE } from './programs.ts'
import { type Execution, Svm, type SvmAccount } from './svm.ts'
import { asMint, asToken, tokenAmount } from './token.ts'
import type { Message, Transaction } from './transaction.ts'
import { landsWith, type TransactionError } from './transaction-error.ts'

export interface Simulation extends Execution {
  after: (address: string) => SvmAccount | null
}

const LOOKUP_TABLE_HEADER = 56

/** One node's view of a cluster: the runtime, its blocks, and what a real cluster remembers about transactions. */
export class Chain {
  readonly svm = new Svm()
  readonly ledger = new Ledger()
  readonly blocks: Blocks
  /** Hashes of landed messages, under the blockhash they carry: both are forgotten together. */
  readonly #seen = new Map<string, Set<string>>()

  constructor(options: { slotMs: number; confirmMs: number }) {
    this.blocks = new Blocks({ firstSlot: this.svm.slot, ...options })
    this.#follow(this.blocks.head)
  }

  produceBlock(): void {
    this.#follow(this.blocks.produce())
    for (const blockhash of this.#seen.keys()) {
      if (!this.blocks.isRecent(blockhash)) this.#seen.delete(blockhash)
    }
  }

  simulate(transaction: Transaction, options: { sigVerify: boolean; replaceBlockhash: boolean }): Simulation {
    const simulation = this.svm.simulate(transaction.wire, options.sigVerify)
    if (simulation.err === 'SignatureFailure') return simulation
    const refusal = options.replaceBlockhash ? null : this.#refusal(transaction)
    return refusal === null ? simulation : { ...NOTHING_RAN, err: refusal, after: (at) => this.svm.getAccount(at) }
  }

  /**
   * Hands a transaction to the leader, and says what became of it: null when it landed and succeeded.
   *
   * What `landsWith` does not hold for was dropped: nothing of it is kept, and nobody is told.
   */
  submit(transaction: Transaction): TransactionError | null {
    const refusal = transaction.hasTrailingBytes ? 'TrailingBytes' : this.#refusal(transaction)
    if (refusal !== null) return refusal
    const loaded = this.#lookUp(transaction.message)
    const keys = this.accountKeys(transaction.message, loaded)
    const before = this.#balances(keys)
    const execution = this.svm.execute(transaction.wire)
    if (execution.err === null || landsWith(execution.err)) {
      this.#land({ transaction, execution, loaded, before, after: this.#balances(keys) })
    }
    return execution.err
  }

  /** Every account a message names, in the order its instructions count them. */
  accountKeys(message: Message, loaded = this.#lookUp(message)): string[] {
    return [...message.accountKeys, ...loaded.writable, ...loaded.readonly]
  }

  #refusal({ message, messageHash }: Transaction): TransactionError | null {
    if (!this.blocks.isRecent(message.recentBlockhash)) return 'BlockhashNotFound'
    return this.#seen.get(message.recentBlockhash)?.has(messageHash) === true ? 'AlreadyProcessed' : null
  }

  #land(landed: Pick<Landed, 'transaction' | 'execution' | 'loaded' | 'before' | 'after'>): void {
    const { message, messageHash } = landed.transaction
    const seen = this.#seen.get(message.recentBlockhash) ?? new Set()
    this.#seen.set(message.recentBlockhash, seen.add(messageHash))
    const { slot, unixTime } = this.blocks.head
    this.ledger.add({ ...landed, slot, blockTime: unixTime, landedAt: performance.now(), fee: feeOf(message) })
  }

  #follow({ slot, unixTime }: Block): void {
    this.svm.setClock(slot, Math.floor(slot / SLOTS_PER_EPOCH), unixTime)
  }

  #lookUp({ lookups }: Message): Landed['loaded'] {
    const pick = (table: string, indexes: Uint8Array): string[] => {
      const account = this.svm.getAccount(table)
      if (account?.owner !== ADDRESS_LOOKUP_TABLE) return []
      const { data } = account
      const at = (index: number): Uint8Array => data.subarray(LOOKUP_TABLE_HEADER + 32 * index).subarray(0, 32)
      return [...indexes].map(at).flatMap((key) => (key.length === 32 ? [toAddress(key)] : []))
    }
    return {
      writable: lookups.flatMap((lookup) => pick(lookup.accountKey, lookup.writableIndexes)),
      readonly: lookups.flatMap((lookup) => pick(lookup.accountKey, lookup.readonlyIndexes)),
    }
  }

  #balances(keys: readonly string[]): Balances {
    const balances: Balances = { lamports: [], tokens: [] }
    for (const [accountIndex, key] of keys.entries()) {
      const account = this.svm.getAccount(key)
      balances.lamports.push(account?.lamports ?? 0n)
      const token = asToken(account)
      if (account === null || token === null) continue
      const decimals = asMint(this.svm.getAccount(token.mint))?.decimals ?? 0
      const uiTokenAmount = tokenAmount(token.amount, decimals)
      const { mint, owner } = token
      balances.tokens.push({ accountIndex, mint, owner, programId: account.owner, uiTokenAmount })
    }
    return balances
  }
}

const NOTHING_RAN: Execution = { err: null, logs: [], unitsConsumed: 0, inner: [], returnData: null }
