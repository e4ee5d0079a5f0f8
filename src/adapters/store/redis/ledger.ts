import { type Milliseconds, milliseconds, type PaymentKey } from '../../../domain/ids.ts'
import type { LedgerEntry } from '../../../domain/ledger.ts'
import type { PaymentState } from '../../../domain/record.ts'
import type { Servers } from './cluster.ts'
import { type Fields, readRefund, readSettlement, readTerms } from './fields.ts'
import { keyIn, PAYMENT_TAGS, type Tag } from './keys.ts'

/** How many entries of one stream are held at a time. */
const PAGE = 100

type StreamEntry = [id: Buffer, fields: Buffer[]]

/**
 * The streams of all slots, merged by their times.
 *
 * An entry's id is its time on the server's clock; a stream never goes back, even where the clock does.
 */
export async function* readLedger(
  servers: Servers,
  since: Milliseconds | undefined,
  until: Milliseconds | undefined,
): AsyncGenerator<LedgerEntry> {
  const streams = PAYMENT_TAGS.map((tag) => entriesOf(servers, tag, since, until))
  const heads = await Promise.all(streams.map(async (stream) => (await stream.next()).value))
  for (;;) {
    let first = -1
    for (const [i, entry] of heads.entries())
      if (entry && entry.at < (heads[first]?.at ?? Number.POSITIVE_INFINITY)) first = i
    const entry = heads[first]
    if (!entry) return
    yield entry
    heads[first] = (await streams[first]?.next())?.value
  }
}

async function* entriesOf(
  servers: Servers,
  tag: Tag,
  since: Milliseconds | undefined,
  until: Milliseconds | undefined,
): AsyncGenerator<LedgerEntry, undefined, void> {
  // The last id of a stream is that of its millisecond with any sequence number; until itself is not in.
  const end = until === undefined || until === Number.POSITIVE_INFINITY ? '+' : String(Math.max(0, until - 1))
  let start = since === undefined ? '-' : String(Math.max(0, since))
  for (;;) {
    const page = (await servers.on(tag, (link) =>
      link.send('XRANGE', keyIn(tag, 'ledger'), start, end, 'COUNT', PAGE),
    )) as StreamEntry[]
    for (const [id, fields] of page) yield readEntry(String(id), fields)
    if (page.length < PAGE) return
    start = following(String((page.at(-1) as StreamEntry)[0]))
  }
}

/** The smallest id after this one (XRANGE, iterating a stream). */
function following(id: string): string {
  const [time, sequence = '0'] = id.split('-')
  return `${time}-${BigInt(sequence) + 1n}`
}

function readEntry(id: string, flat: readonly Buffer[]): LedgerEntry {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
  const { key, event, terms, transaction, settlement, against, refund, status } = fields as Fields
  return {
    at: milliseconds(Number(id.split('-')[0])),
    key: key as PaymentKey,
    event: event as PaymentState,
    ...(terms && { terms: readTerms(terms) }),
    ...(transaction && { transaction }),
    ...(settlement && { settlement: readSettlement(settlement) }),
    ...(against && { against: against as PaymentKey }),
    ...(refund && { refund: readRefund(refund) }),
    ...(status && { status: Number(status) }),
  }
}
