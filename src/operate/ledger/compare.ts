import type { PaymentKey } from '../../domain/ids.ts'
import type { ChainTransfer, Transfers } from '../../ports/transfers.ts'
import { type Books, isPending } from './books.ts'
import { type Expected, expectationsOf } from './expected.ts'
import type { Account, Difference, DifferenceKind, OtherTransfer, Sum } from './verification.ts'

/** What is found out about one account. */
export interface Comparison {
  readonly sum: Sum
  readonly differences: readonly Difference[]
  readonly other: readonly OtherTransfer[]
  /** Payments and refunds that are open by the ledger and done by the chain, with their transactions. */
  readonly landed: ReadonlyMap<PaymentKey, string>
}

export interface BlockRange {
  readonly from: bigint
  readonly to: bigint
}

/** An account that is looked at. Of one that only refunds are paid from, all the rest is the operator's own business. */
export interface Watched {
  readonly account: Account
  readonly refundsOnly: boolean
}

/**
 * Holds one account's ledger against the chain, transfer by transfer.
 *
 * @throws ChainUnavailable
 */
export async function compare(
  { account, refundsOnly }: Watched,
  books: Books,
  transfers: Transfers,
  { from, to }: BlockRange,
): Promise<Comparison> {
  const holding = { asset: account.asset, owner: account.payee }
  const expected = expectationsOf(books, account)
  const landed = new Map<PaymentKey, string>()
  const differences: Difference[] = []
  const other: OtherTransfer[] = []
  const differ = (kind: DifferenceKind, more: Omit<Difference, keyof Account | 'kind'>) =>
    differences.push({ ...account, kind, ...more })
  let [ledger, chain, received, sent] = [0n, 0n, 0n, 0n]

  const agree = (
    kind: DifferenceKind,
    { key, amount }: Expected,
    { transaction, block, ...transfer }: ChainTransfer,
  ) => {
    const sign = transfer.direction === 'in' ? 1n : -1n
    ledger += sign * amount
    chain += sign * transfer.amount
    if (amount !== transfer.amount)
      differ(kind, { payment: key, transaction, block, ledger: amount, chain: transfer.amount, what: WHAT.amount })
  }
  const receive = (transfer: ChainTransfer) => {
    received += transfer.amount
    const payment = expected.takePayment(transfer)
    if (payment) return agree('amount', payment, transfer)
    const { amount, counterparty: payer, transaction, block } = transfer
    if (refundsOnly) return
    if (!transfer.payment) return void other.push(otherBy(account, transfer))
    const booked = transfer.payment.key && books.get(transfer.payment.key)
    if (booked && isPending(booked)) return void landed.set(booked.key, transaction)
    chain += amount
    const what = booked ? `${WHAT.closed} ${booked.state}` : WHAT.unrecorded
    differ('unrecorded', { payment: transfer.payment.key, payer, transaction, block, chain: amount, what })
  }
  const send = (transfer: ChainTransfer) => {
    sent += transfer.amount
    const refund = expected.takeRefund(transfer)
    if (refund) return agree('refund-amount', refund, transfer)
    const open = expected.openRefund(transfer.transaction)
    if (open) landed.set(open, transfer.transaction)
    else if (!refundsOnly) other.push(otherBy(account, transfer))
  }
  for await (const transfer of transfers.between(holding, from, to))
    if (transfer.direction === 'in') receive(transfer)
    else send(transfer)

  const unseen = async (kind: DifferenceKind, sign: bigint, { key, amount, transaction, block }: Expected) => {
    if (await isElsewhere(transfers, transaction, block, { from, to })) return
    ledger += sign * amount
    differ(kind, { payment: key, transaction, ledger: amount, what: WHAT.missing })
  }
  for (const payment of expected.payments()) await unseen('missing', 1n, payment)
  for (const refund of expected.refunds()) await unseen('refund-missing', -1n, refund)

  const balances = refundsOnly ? undefined : await transfers.balances(holding, from, to)
  const balance = balances ? { ...balances, received, sent } : null
  if (balance && balance.opening + received - sent !== balance.closing) differ('balance', { what: WHAT.balance })
  return { sum: { ...account, fromBlock: from, toBlock: to, ledger, chain, balance }, differences, other, landed }
}

const WHAT = {
  amount: 'the ledger has another amount than the chain',
  unrecorded: 'spent without a record: farebox credits grant makes it good',
  closed: 'spent, although the ledger closed it as',
  missing: 'not on chain (any more): run farebox reconcile, then verify again',
  balance: 'opening balance and transfers do not add up to the closing balance',
} as const

function otherBy(
  account: Account,
  { direction, amount, counterparty, transaction, block }: ChainTransfer,
): OtherTransfer {
  return { ...account, direction, amount, counterparty, transaction, block }
}

/** Whether a transaction that was not seen lies outside of what was looked at. */
async function isElsewhere(
  transfers: Transfers,
  transaction: string,
  known: string | undefined,
  { from, to }: BlockRange,
): Promise<boolean> {
  if (known !== undefined && BigInt(known) < from) return true
  const block = await transfers.blockOf(transaction)
  return block !== undefined && (block < from || block > to)
}
