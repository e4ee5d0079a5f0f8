import type { PaymentKey } from '../../domain/ids.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import type { PaymentState } from '../../domain/record.ts'

/** Where a payment stands by the ledger: its last state, and the last that was learnt of it. */
export type Booked = Omit<LedgerEntry, 'event' | 'status'> & { readonly state: PaymentState }

export type Books = ReadonlyMap<PaymentKey, Booked>

/**
 * Folds the ledger into one line a payment.
 *
 * However often a payment was settled, reopened by a reorg and settled again, it stands here once; its state says whether
 * the settlement counts.
 */
export async function readBooks(entries: AsyncIterable<LedgerEntry>): Promise<Books> {
  const books = new Map<PaymentKey, Booked>()
  for await (const { event, status: _status, ...learnt } of entries)
    books.set(learnt.key, { ...books.get(learnt.key), ...learnt, state: event })
  return books
}

const PENDING: readonly PaymentState[] = ['settling', 'unknown', 'refunding']
const PAID: readonly PaymentState[] = ['settled', 'delivering', 'delivered', 'credited', 'refunding', 'refunded']

/** The chain has not said yet what became of its money, or of the money that goes back. */
export function isPending({ state }: Booked): boolean {
  return PENDING.includes(state)
}

/** A payment that moved money; what was served from another's credit, or is a present, moved none. */
export type Paid = Booked & Required<Pick<Booked, 'settlement'>>

export function isPaid(booked: Booked): booked is Paid {
  const { state, settlement, against } = booked
  return PAID.includes(state) && against === undefined && settlement !== undefined && settlement.amount > 0n
}
