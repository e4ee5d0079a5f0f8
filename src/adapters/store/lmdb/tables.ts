import { randomUUID } from 'node:crypto'
import type { Database } from 'lmdb'
import {
  type FencingToken,
  type Milliseconds,
  milliseconds,
  type PaymentKey,
  type Seconds,
} from '../../../domain/ids.ts'
import type { Tables } from '../tables.ts'
import type { Databases, Expiring, Row } from './databases.ts'
import { append } from './ledger.ts'

/** Sorts after every key and name there is. */
export const LAST = '\uffff'

/** A value with its expiry, unless that has passed. */
export function live<Value>(row: Row<Value> | undefined, now: Milliseconds): Row<Value> | undefined {
  return row?.until !== undefined && row.until * 1_000 <= now ? undefined : row
}

export function membersOf({ sets }: Databases, name: string): readonly PaymentKey[] {
  const places = sets.getRange({ start: [name, ''], end: [name, LAST] })
  return [...places].sort((a, b) => a.value - b.value).map(({ key }) => key[1] as PaymentKey)
}

/** The tables as the rules see them; to be used inside a write transaction alone. */
export function openTables(databases: Databases): Tables {
  const { payments, copies, identifiers, sets, due, dueAt, counters } = databases
  const now = (): Milliseconds => milliseconds(Date.now())
  const schedule = (key: PaymentKey, at: Milliseconds | undefined): void => {
    const before = dueAt.get(key)
    if (before !== undefined) due.remove([before, key])
    if (at === undefined) dueAt.remove(key)
    else {
      due.put([at, key], true)
      dueAt.put(key, at)
    }
  }
  const expire = expiring(databases, now)
  return {
    now,
    token: () => randomUUID() as FencingToken,
    record: (key) => live(payments.get(key), now())?.value,
    put: (key, record) => void payments.put(key, { ...live(payments.get(key), now()), value: record }),
    remove(key) {
      payments.remove(key)
      schedule(key, undefined)
    },
    expire: (key, at) => expire(payments, 'payments', key, at),
    members: (name) => membersOf(databases, name),
    add(name, key) {
      if (sets.get([name, key]) !== undefined) return
      const place = (counters.get('place') ?? 0) + 1
      counters.put('place', place)
      sets.put([name, key], place)
    },
    drop: (name, key) => void sets.remove([name, key]),
    schedule,
    copy: (key) => live(copies.get(key), now())?.value,
    keep(key, response) {
      if (response) copies.put(key, { value: response })
      else copies.remove(key)
    },
    forgetCopy: (key, at) => expire(copies, 'copies', key, at),
    identifier: (name) => live(identifiers.get(name), now())?.value,
    identify(name, identifier, until) {
      if (!identifier) return void identifiers.remove(name)
      identifiers.put(name, { value: identifier })
      expire(identifiers, 'identifiers', name, until)
    },
    append: (entry) => append(databases, entry),
  }
}

function expiring({ expiry }: Databases, now: () => Milliseconds) {
  return <Value, Name extends string>(
    rows: Database<Row<Value>, Name>,
    table: Expiring,
    name: Name,
    at: Seconds | undefined,
  ): void => {
    const row = live(rows.get(name), now())
    if (!row || row.until === at) return
    rows.put(name, { value: row.value, ...(at !== undefined && { until: at }) })
    if (at !== undefined) expiry.put([at, table, name], true)
  }
}
