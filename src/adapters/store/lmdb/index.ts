import { milliseconds, type PaymentKey } from '../../../domain/ids.ts'
import { type Store, StoreUnavailable } from '../../../ports/store.ts'
import { move } from '../move-rules.ts'
import { claim, grant, release, renew, takeOver } from '../rules.ts'
import { CREDITS, type Tables, toRecord } from '../tables.ts'
import { openEnvironment } from './databases.ts'
import { openLanes } from './lanes.ts'
import { readLedger } from './ledger.ts'
import { sweep } from './sweep.ts'
import { LAST, live, membersOf, openTables } from './tables.ts'

const SWEEP_EVERY_MS = 60_000
const FOREVER = milliseconds(Number.MAX_SAFE_INTEGER)

/**
 * Opens the embedded store: LMDB in a directory, shared by the processes of one machine.
 *
 * A write is on disk before it is answered. Each step is one write transaction; LMDB lets one process write at a time.
 *
 * @throws StoreUnavailable when the directory cannot be used
 */
export function openLmdb(path: string): Store {
  const environment = openEnvironment(path)
  const { databases } = environment
  const { payments } = databases
  const tables = openTables(databases)
  const look = <T>(work: () => T): T => {
    try {
      environment.check()
      return work()
    } catch (error) {
      throw unavailable(error)
    }
  }
  // A child transaction: what throws half-way leaves nothing, while others share its commit.
  const transact = async <T>(step: () => T): Promise<T> => {
    try {
      environment.check()
      return await payments.childTransaction(step)
    } catch (error) {
      throw unavailable(error)
    }
  }
  const write = <T>(step: (tables: Tables) => T): Promise<T> => transact(() => step(tables))
  const clean = async (): Promise<void> => {
    while (await transact(() => sweep(databases, tables.now()))) {}
  }
  const sweeping = setInterval(() => void clean().catch(() => undefined), SWEEP_EVERY_MS)
  sweeping.unref()

  return {
    kind: 'lmdb',
    lanes: openLanes(databases, transact),
    epoch: () => environment.epoch,
    read: async (key) =>
      look(() => {
        const row = live(payments.get(key), tables.now())
        return row && toRecord(row.value)
      }),
    claim: (asked, lease) => write((tables) => claim(tables, asked, lease)),
    move: (key, token, change) => write((tables) => move(tables, key, token, change)),
    renew: (key, token, lease) => write((tables) => renew(tables, key, token, lease)),
    release: (key, token) => write((tables) => release(tables, key, token)),
    due: async (limit) =>
      look(() => {
        const passed = databases.due.getKeys({ end: [tables.now(), LAST], limit })
        return [...passed].map(([, key]) => key as PaymentKey)
      }),
    takeOver: (key, lease) => write((tables) => takeOver(tables, key, lease)),
    credits: async () =>
      look(() =>
        membersOf(databases, CREDITS).flatMap((key) => {
          const row = payments.get(key)
          return row ? [{ ...toRecord(row.value), key }] : []
        }),
      ),
    grant: (granted) => write((tables) => grant(tables, granted)),
    ledger: (since = milliseconds(0), until = FOREVER) => readLedger(databases, since, until, look),
    ping: () => write(() => undefined),
    async close() {
      clearInterval(sweeping)
      await environment.close()
    },
  }
}

function unavailable(error: unknown): StoreUnavailable {
  return error instanceof StoreUnavailable ? error : new StoreUnavailable((error as Error).message)
}
