import { type Milliseconds, milliseconds } from '../../../domain/ids.ts'
import type { LedgerEntry } from '../../../domain/ledger.ts'
import type { Databases } from './databases.ts'

const PAGE = 1_000
const FIRST: [number, number] = [0, 0]

/** Writes an entry after all others: where the clock went back, at the time of the last one. */
export function append({ ledger }: Databases, entry: LedgerEntry): void {
  const [[lastAt, lastPlace] = FIRST] = ledger.getKeys({ reverse: true, limit: 1 })
  const at = milliseconds(Math.max(entry.at, lastAt))
  ledger.put([at, at === lastAt ? lastPlace + 1 : 0], { ...entry, at })
}

/**
 * Reads page by page: a reader that takes its time must not keep LMDB from using pages again.
 *
 * @param look reads one page
 */
export async function* readLedger(
  { ledger }: Databases,
  since: Milliseconds,
  until: Milliseconds,
  look: <T>(work: () => T) => T,
): AsyncGenerator<LedgerEntry> {
  let start: [number, number] = [since, 0]
  for (;;) {
    const from = start
    const page = look(() => [...ledger.getRange({ start: from, end: [until, 0], limit: PAGE })])
    for (const { value } of page) yield value
    const last = page.at(-1)
    if (!last || page.length < PAGE) return
    start = [last.key[0], last.key[1] + 1]
  }
}
