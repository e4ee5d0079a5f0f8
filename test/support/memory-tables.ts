import type { Identifier, Kept, Tables } from '../../src/adapters/store/tables.ts'
import {
  type FencingToken,
  type Milliseconds,
  milliseconds,
  type PaymentKey,
  type Seconds,
} from '../../src/domain/ids.ts'
import type { LedgerEntry } from '../../src/domain/ledger.ts'
import type { StoredResponse } from '../../src/domain/record.ts'

/** The tables of a store in plain memory; `due` and `ledger` are open to be read. */
export interface MemoryTables extends Tables {
  readonly dueAt: ReadonlyMap<PaymentKey, Milliseconds>
  readonly ledger: readonly LedgerEntry[]
}

/** @param now the store's clock, in ms since the epoch */
export function memoryTables(now: () => number): MemoryTables {
  const records = expiringMap<PaymentKey, Kept>(now)
  const copies = expiringMap<PaymentKey, StoredResponse>(now)
  const identifiers = expiringMap<string, Identifier>(now)
  const sets = new Map<string, Set<PaymentKey>>()
  const dueAt = new Map<PaymentKey, Milliseconds>()
  const ledger: LedgerEntry[] = []
  let tokens = 0
  const schedule = (key: PaymentKey, at: Milliseconds | undefined): void => {
    if (at === undefined) dueAt.delete(key)
    else dueAt.set(key, at)
  }
  return {
    dueAt,
    ledger,
    now: () => milliseconds(now()),
    token: () => `token-${++tokens}` as FencingToken,
    record: records.get,
    put: records.put,
    remove(key) {
      records.remove(key)
      schedule(key, undefined)
    },
    expire: records.expire,
    members: (name) => [...(sets.get(name) ?? [])],
    add: (name, key) => void sets.set(name, (sets.get(name) ?? new Set()).add(key)),
    drop: (name, key) => void sets.get(name)?.delete(key),
    schedule,
    copy: copies.get,
    keep(key, response) {
      copies.remove(key)
      if (response) copies.put(key, { ...response, body: Uint8Array.from(response.body) })
    },
    forgetCopy: copies.expire,
    identifier: identifiers.get,
    identify(name, identifier, until) {
      identifiers.remove(name)
      if (!identifier) return
      identifiers.put(name, identifier)
      identifiers.expire(name, until)
    },
    append(entry) {
      ledger.push({ ...entry, at: milliseconds(Math.max(entry.at, ledger.at(-1)?.at ?? 0)) })
    },
  }
}

/** What is past its time is not there any more. */
function expiringMap<Key, Value>(now: () => number) {
  const rows = new Map<Key, { readonly value: Value; readonly until: Seconds | undefined }>()
  const live = (key: Key) => {
    const row = rows.get(key)
    if (row?.until === undefined || row.until * 1_000 > now()) return row
    rows.delete(key)
    return undefined
  }
  return {
    get: (key: Key): Value | undefined => live(key)?.value,
    put: (key: Key, value: Value): void => void rows.set(key, { value, until: live(key)?.until }),
    remove: (key: Key): void => void rows.delete(key),
    expire(key: Key, until: Seconds | undefined): void {
      const row = live(key)
      if (row) rows.set(key, { value: row.value, until })
    },
  }
}
