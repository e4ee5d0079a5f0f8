import { randomUUID } from 'node:crypto'
import { mkdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import type { Milliseconds, PaymentKey, Seconds } from '../../../domain/ids.ts'
import type { LedgerEntry } from '../../../domain/ledger.ts'
import type { StoredResponse } from '../../../domain/record.ts'
import type { LaneId } from '../../../ports/lanes.ts'
import { StoreUnavailable } from '../../../ports/store.ts'
import type { Lane } from '../lanes-rules.ts'
import type { Identifier, Kept } from '../tables.ts'

/** A value that may be forgotten at a time, and is not there any more from then on. */
export interface Row<Value> {
  readonly value: Value
  readonly until?: Seconds
}

/** The databases of one environment: a transaction of one is a transaction of all. */
export interface Databases {
  readonly payments: Database<Row<Kept>, PaymentKey>
  readonly copies: Database<Row<StoredResponse>, PaymentKey>
  readonly identifiers: Database<Row<Identifier>, string>
  /** What the sweep looks at, by when; entries that were overtaken stay until their time. */
  readonly expiry: Database<true, [until: number, table: Expiring, name: string]>
  /** The members of sets, each with its place. */
  readonly sets: Database<number, [set: string, key: string]>
  readonly due: Database<true, [at: number, key: string]>
  /** Where a payment stands in `due`. */
  readonly dueAt: Database<Milliseconds, PaymentKey>
  readonly ledger: Database<LedgerEntry, [at: number, place: number]>
  readonly lanes: Database<Lane, LaneId>
  readonly counters: Database<number, string>
}

export type Expiring = 'payments' | 'copies' | 'identifiers'

export interface Environment {
  readonly databases: Databases
  /** Made up when the directory was first used. */
  readonly epoch: string
  /** @throws StoreUnavailable when the directory was removed or replaced: what is written would be seen by nobody else */
  check(): void
  close(): Promise<void>
}

/** LMDB must not be opened twice in one process: its locks are the process's, so that two handles wait for each other. */
const openHere = new Set<string>()

/** @throws StoreUnavailable when the directory cannot be used */
export function openEnvironment(path: string): Environment {
  const directory = resolve(path)
  if (openHere.has(directory))
    throw new StoreUnavailable(
      `STORE_DIR ${path} is open in this process already: share the gateway, or give it a directory of its own`,
    )
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    // overlappingSync answers before the disk has it; a payment must survive a power cut.
    const root = open({ path: directory, overlappingSync: false, maxDbs: 16 })
    const data = join(directory, 'data.mdb')
    const opened = inode(data)
    openHere.add(directory)
    return {
      databases: openDatabases(root),
      epoch: markOnce(root),
      check() {
        if (inode(data) !== opened) throw new StoreUnavailable(`STORE_DIR ${path} was emptied: start the gateway again`)
      },
      async close() {
        openHere.delete(directory)
        await root.close()
      },
    }
  } catch (error) {
    throw new StoreUnavailable(`STORE_DIR ${path}: ${(error as Error).message}`)
  }
}

function openDatabases(root: RootDatabase): Databases {
  // Amounts pass 64 bits; and a buffer of LMDB's is used again by the next read.
  const values = { useBigIntExtension: true, copyBuffers: true }
  return {
    payments: root.openDB({ name: 'payments', ...values }),
    copies: root.openDB({ name: 'copies', ...values }),
    identifiers: root.openDB({ name: 'identifiers' }),
    expiry: root.openDB({ name: 'expiry' }),
    sets: root.openDB({ name: 'sets' }),
    due: root.openDB({ name: 'due' }),
    dueAt: root.openDB({ name: 'dueAt' }),
    ledger: root.openDB({ name: 'ledger', ...values }),
    lanes: root.openDB({ name: 'lanes' }),
    counters: root.openDB({ name: 'counters' }),
  }
}

function markOnce(root: RootDatabase): string {
  const marks: Database<string, string> = root.openDB({ name: 'marks' })
  return marks.transactionSync(() => {
    const known = marks.get('epoch')
    if (known !== undefined) return known
    const epoch = randomUUID()
    marks.putSync('epoch', epoch)
    return epoch
  })
}

function inode(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino
}
