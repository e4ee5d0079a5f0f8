import type { Milliseconds, PaymentKey } from '../../domain/ids.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import { CLOSED_STATES, type PaymentTerms } from '../../domain/record.ts'

/** One entry of the ledger with what its payment was for; null where nothing is known or nothing applies. */
export interface LedgerRow {
  /** ISO 8601, in UTC. */
  readonly time: string
  readonly event: string
  readonly payment: string
  readonly route: string | null
  /** Price version that was paid. */
  readonly version: string | null
  readonly network: string | null
  readonly asset: string | null
  readonly symbol: string | null
  readonly payer: string | null
  readonly payee: string | null
  /** In atomic units; 0 where it was served from the credit of another payment. */
  readonly amount: string | null
  readonly transaction: string | null
  readonly block: string | null
  /** HTTP status handed to the payer. */
  readonly status: number | null
  /** Since the payment's first entry. */
  readonly durationMs: number | null
  readonly refundTransaction: string | null
  readonly refundAmount: string | null
  readonly refundBlock: string | null
  readonly against: string | null
}

export interface RowSource {
  /** From the very first, so that the terms of each payment have been seen. */
  readonly entries: AsyncIterable<LedgerEntry>
  /** Entries before it give no row. */
  readonly since?: Milliseconds | undefined
  /** Asked about a payment that had been closed and was opened again by a reorg. */
  termsOf(key: PaymentKey): Promise<PaymentTerms | undefined>
  symbolOf(network: string, asset: string): string | undefined
}

type Open = Pick<LedgerEntry, 'terms' | 'settlement' | 'transaction'> & { readonly began: Milliseconds | undefined }

/** Every entry as a row, in order. Remembers payments that are still open, and no others. */
export async function* ledgerRows({ entries, since, termsOf, symbolOf }: RowSource): AsyncIterable<LedgerRow> {
  const open = new Map<PaymentKey, Open>()
  for await (const entry of entries) {
    const known = open.get(entry.key)
    const next: Open = {
      ...(known ?? { began: entry.terms && entry.at }),
      ...(entry.terms && { terms: entry.terms }),
      ...(entry.settlement && { settlement: entry.settlement }),
      ...(entry.transaction !== undefined && { transaction: entry.transaction }),
    }
    if (CLOSED_STATES.includes(entry.event)) open.delete(entry.key)
    else open.set(entry.key, next)
    if (since !== undefined && entry.at < since) continue
    const terms = next.terms ?? (await termsOf(entry.key))
    yield rowOf(entry, { ...next, ...(terms && { terms }) }, symbolOf)
  }
}

function rowOf(
  { at, key, event, status, refund, against }: LedgerEntry,
  { terms, settlement, transaction, began }: Open,
  symbolOf: RowSource['symbolOf'],
): LedgerRow {
  const transfer = terms?.transfer
  const amount = against === undefined ? (settlement?.amount ?? transfer?.amount) : 0n
  return {
    time: new Date(at).toISOString(),
    event,
    payment: key,
    route: terms?.route ?? null,
    version: terms?.version ?? null,
    network: transfer?.network ?? null,
    asset: transfer?.asset ?? null,
    symbol: (transfer && symbolOf(transfer.network, transfer.asset)) ?? null,
    payer: terms?.payer ?? null,
    payee: transfer?.to ?? null,
    amount: amount?.toString() ?? null,
    transaction: settlement?.transaction ?? transaction ?? null,
    block: settlement?.block ?? null,
    status: status ?? null,
    durationMs: began === undefined ? null : at - began,
    refundTransaction: refund?.settlement?.transaction ?? refund?.attempt.transaction ?? null,
    refundAmount: refund?.settlement?.amount.toString() ?? null,
    refundBlock: refund?.settlement?.block ?? null,
    against: against ?? null,
  }
}
