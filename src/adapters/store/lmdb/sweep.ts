import type { Database } from 'lmdb'
import type { Milliseconds } from '../../../domain/ids.ts'
import type { Databases, Row } from './databases.ts'

/** So many at a time that nobody waits noticeably for the transaction. */
const AT_MOST = 1_000

/**
 * Removes what is past its expiry; to be used inside a write transaction.
 *
 * @returns whether there may be more
 */
export function sweep(databases: Databases, now: Milliseconds): boolean {
  const { expiry } = databases
  const passed = [...expiry.getKeys({ end: [Math.floor(now / 1_000) + 1], limit: AT_MOST })]
  for (const entry of passed) {
    const [until, table, name] = entry
    const rows = databases[table] as Database<Row<unknown>, string>
    // Its expiry may have been put off since.
    if (rows.get(name)?.until === until) rows.remove(name)
    expiry.remove(entry)
  }
  return passed.length === AT_MOST
}
