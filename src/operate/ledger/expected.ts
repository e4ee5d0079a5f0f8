import type { PaymentKey } from '../../domain/ids.ts'
import type { Settlement } from '../../domain/settlement.ts'
import type { ChainTransfer } from '../../ports/transfers.ts'
import { type Booked, type Books, isPaid, type Paid } from './books.ts'
import { type Account, accountId, fold } from './verification.ts'

/** A transfer that the ledger speaks of. */
export interface Expected {
  readonly key: PaymentKey
  readonly amount: bigint
  readonly transaction: string
  readonly block: string | undefined
  readonly counterparty: string
}

/** What the ledger expects of one account; a transfer that is taken is not expected a second time. */
export interface Expectations {
  takePayment(transfer: ChainTransfer): Expected | undefined
  takeRefund(transfer: ChainTransfer): Expected | undefined
  /** The payment for which a refund was begun with a transaction, and has not ended by the ledger. */
  openRefund(transaction: string): PaymentKey | undefined
  /** What was not taken. */
  payments(): Iterable<Expected>
  refunds(): Iterable<Expected>
}

export function payeeOf({ settlement: { network, asset, payTo } }: Paid): Account {
  return { network, asset, payee: payTo }
}

/** The account that a refund was paid from; undefined where none was paid. */
export function refundSource({ refund }: Booked): Account | undefined {
  if (!refund?.settlement) return undefined
  const { network, asset, payer } = refund.settlement
  return { network, asset, payee: payer }
}

export function expectationsOf(books: Books, account: Account): Expectations {
  const id = accountId(account)
  const payments = new Map<PaymentKey, Expected>()
  const paidIn = new Map<string, Expected[]>()
  const refundedIn = new Map<string, Expected[]>()
  const openRefunds = new Map<string, PaymentKey>()
  for (const booked of books.values()) {
    const { key, refund, state } = booked
    if (state === 'refunding' && refund?.attempt.transaction) openRefunds.set(refund.attempt.transaction, key)
    if (!isPaid(booked)) continue
    if (accountId(payeeOf(booked)) === id) {
      const expected = expectedBy(key, booked.settlement, booked.settlement.payer)
      payments.set(key, expected)
      add(paidIn, expected)
    }
    const source = refundSource(booked)
    if (refund?.settlement && source && accountId(source) === id)
      add(refundedIn, expectedBy(key, refund.settlement, refund.settlement.payTo))
  }
  return {
    takePayment(transfer) {
      const key = transfer.payment?.key
      // What has no key of ours is known by its transaction: a deposit that the operator made good, a form not taken here.
      const found = key === undefined ? find(account, paidIn, transfer, payments) : payments.get(key)
      if (found) payments.delete(found.key)
      return found
    },
    takeRefund(transfer) {
      const found = find(account, refundedIn, transfer)
      const list = refundedIn.get(transfer.transaction)
      if (found && list) list.splice(list.indexOf(found), 1)
      return found
    },
    openRefund: (transaction) => openRefunds.get(transaction),
    payments: () => payments.values(),
    refunds: () => [...refundedIn.values()].flat(),
  }
}

function expectedBy(key: PaymentKey, settlement: Settlement, counterparty: string): Expected {
  const { amount, transaction, block } = settlement
  return { key, amount, transaction, block, counterparty }
}

function add(index: Map<string, Expected[]>, expected: Expected): void {
  const list = index.get(expected.transaction)
  if (list) list.push(expected)
  else index.set(expected.transaction, [expected])
}

function find(
  { network }: Account,
  index: ReadonlyMap<string, Expected[]>,
  { transaction, counterparty }: ChainTransfer,
  among?: ReadonlyMap<PaymentKey, Expected>,
): Expected | undefined {
  return index
    .get(transaction)
    ?.find(
      (one) =>
        (!among || among.has(one.key)) &&
        (counterparty === undefined || fold(network, counterparty) === fold(network, one.counterparty)),
    )
}
