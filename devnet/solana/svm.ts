import {
  Account,
  Clock,
  FailedTransactionMetadata,
  LiteSvm,
  SimulatedTransactionInfo,
  TransactionErrorDuplicateInstruction,
  TransactionErrorInstructionError,
  TransactionErrorInsufficientFundsForRent,
  type TransactionMetadata,
} from 'litesvm/dist/internal.js'
import { fromAddress, toAddress } from './bytes.ts'
import { fieldlessInstructionError } from './instruction-error.ts'
import type { Instruction } from './transaction.ts'
import { fieldlessError, type TransactionError } from './transaction-error.ts'

export interface SvmAccount {
  lamports: bigint
  owner: string
  executable: boolean
  readonly data: Uint8Array
}

export interface InnerInstruction extends Instruction {
  stackHeight: number
}

/** What running a transaction gave. */
export interface Execution {
  err: TransactionError | null
  logs: string[]
  unitsConsumed: number
  /** Those of each top-level instruction that called others, by its index. */
  inner: { index: number; instructions: InnerInstruction[] }[]
  returnData: { programId: string; data: Uint8Array } | null
}

/**
 * The Solana runtime itself, with SPL Token, Token-2022, Associated Token Account and Memo.
 *
 * LiteSVM's own view of blockhashes and history is off: stock, it forgets and accepts an old transaction again.
 * Its typed wrapper is left out, because that one speaks the types of another major version of @solana/kit.
 */
export class Svm {
  readonly #svm = new LiteSvm()

  constructor() {
    this.#svm.setBlockhashCheck(false)
    this.#svm.setTransactionHistory(0n)
  }

  get slot(): number {
    return Number(this.#svm.getClock().slot)
  }

  setClock(slot: number, epoch: number, unixTimestamp: number): void {
    this.#svm.warpToSlot(BigInt(slot))
    this.#svm.setClock(new Clock(BigInt(slot), 0n, BigInt(epoch), BigInt(epoch + 1), BigInt(unixTimestamp)))
  }

  getAccount(address: string): SvmAccount | null {
    const account = this.#svm.getAccount(fromAddress(address))
    return account === null ? null : read(account)
  }

  setAccount(address: string, { lamports, data, owner, executable }: SvmAccount): void {
    this.#svm.setAccount(fromAddress(address), new Account(lamports, data, fromAddress(owner), executable, 0n))
  }

  /** Every account a program owns; a scan, for the calls that cannot do without. */
  accountsOf(program: string): [address: string, account: SvmAccount][] {
    return this.#svm
      .getProgramAccounts(fromAddress(program))
      .map((entry) => [toAddress(entry.address), read(entry.account())])
  }

  rentExemption(bytes: number): bigint {
    return this.#svm.minimumBalanceForRentExemption(BigInt(bytes))
  }

  /** Runs and keeps the result. `wire` must be a readable transaction: see `readTransaction`. */
  execute(wire: Uint8Array): Execution {
    const result = this.#svm.sendVersionedTransaction(wire)
    if (result instanceof FailedTransactionMetadata) return executionOf(result.meta(), errorOf(result))
    return executionOf(result, null)
  }

  /** Runs and keeps nothing; `after` looks up an account as the transaction would leave it. */
  simulate(wire: Uint8Array, sigVerify: boolean): Execution & { after: (address: string) => SvmAccount | null } {
    this.#svm.setSigverify(sigVerify)
    try {
      const result = this.#svm.simulateVersionedTransaction(wire)
      const changed = new Map<string, SvmAccount>()
      if (result instanceof SimulatedTransactionInfo) {
        for (const entry of result.postAccounts()) changed.set(toAddress(entry.address), read(entry.account()))
      }
      const err = result instanceof FailedTransactionMetadata ? errorOf(result) : null
      const after = (address: string): SvmAccount | null => changed.get(address) ?? this.getAccount(address)
      return { ...executionOf(result.meta(), err), after }
    } finally {
      this.#svm.setSigverify(true)
    }
  }
}

const read = (account: Account): SvmAccount => ({
  lamports: account.lamports(),
  owner: toAddress(account.owner()),
  executable: account.executable(),
  get data() {
    return account.data()
  },
})

function executionOf(meta: TransactionMetadata, err: TransactionError | null): Execution {
  const returned = meta.returnData()
  const inner = meta.innerInstructions().map((group, index) => ({
    index,
    instructions: group.map((item) => {
      const compiled = item.instruction()
      return {
        programIdIndex: compiled.programIdIndex(),
        accounts: compiled.accounts(),
        data: compiled.data(),
        stackHeight: item.stackHeight(),
      }
    }),
  }))
  return {
    err,
    logs: meta.logs(),
    unitsConsumed: Number(meta.computeUnitsConsumed()),
    inner: inner.filter((group) => group.instructions.length > 0),
    returnData:
      returned.data().length > 0 ? { programId: toAddress(returned.programId()), data: returned.data() } : null,
  }
}

function errorOf(failed: FailedTransactionMetadata): TransactionError {
  const error = failed.err()
  if (typeof error === 'number') return fieldlessError(error)
  if (error instanceof TransactionErrorInstructionError) {
    const cause = error.err()
    if (typeof cause === 'number') return { InstructionError: [error.index, fieldlessInstructionError(cause)] }
    return { InstructionError: [error.index, 'code' in cause ? { Custom: cause.code } : 'BorshIoError'] }
  }
  if (error instanceof TransactionErrorDuplicateInstruction) return { DuplicateInstruction: error.index }
  const account = { account_index: error.accountIndex }
  return error instanceof TransactionErrorInsufficientFundsForRent
    ? { InsufficientFundsForRent: account }
    : { ProgramExecutionTemporarilyRestricted: account }
}
