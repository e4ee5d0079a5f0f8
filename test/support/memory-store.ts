import { EMPTY_LANE, flights, giveBack, type Lane, mined, take, write } from '../../src/adapters/store/lanes-rules.ts'
import { move } from '../../src/adapters/store/move-rules.ts'
import { claim, grant, release, renew, takeOver } from '../../src/adapters/store/rules.ts'
import { CREDITS, toRecord } from '../../src/adapters/store/tables.ts'
import { milliseconds } from '../../src/domain/ids.ts'
import type { LaneId, Lanes } from '../../src/ports/lanes.ts'
import { type Store, StoreUnavailable } from '../../src/ports/store.ts'
import { type MemoryTables, memoryTables } from './memory-tables.ts'

export interface MemoryStoreOptions {
  /** The store's clock, in ms since the epoch. */
  readonly now: () => number
  /** Awaited before and after each step, so that whoever schedules decides what comes between. */
  readonly yield?: () => Promise<void>
  /** Has a step fail without its effect, or with it and no answer. Lanes are named `lanes.take` and so on. */
  readonly fault?: (method: string) => 'before' | 'after' | undefined
}

type Run = <Result>(method: string, step: () => Result) => Promise<Result>

/** A store over the rules of all stores, in memory: for properties over many interleavings, clocks and faults. */
export function memoryStore(options: MemoryStoreOptions): Store {
  const tables = memoryTables(options.now)
  const pause = options.yield ?? (() => Promise.resolve())
  const run: Run = async (method, step) => {
    await pause()
    const fault = options.fault?.(method)
    if (fault === 'before') throw new StoreUnavailable(`${method} was not done`)
    const result = step()
    await pause()
    if (fault === 'after') throw new StoreUnavailable(`${method} was done, and not answered`)
    return result
  }
  return {
    kind: 'memory',
    lanes: memoryLanes(run, options.now),
    epoch: () => 'memory',
    read: (key) =>
      run('read', () => {
        const record = tables.record(key)
        return record && toRecord(record)
      }),
    claim: (asked, lease) => run('claim', () => claim(tables, asked, lease)),
    move: (key, token, change) => run('move', () => move(tables, key, token, change)),
    renew: (key, token, lease) => run('renew', () => renew(tables, key, token, lease)),
    release: (key, token) => run('release', () => release(tables, key, token)),
    due: (limit) => run('due', () => dueOf(tables).slice(0, limit)),
    takeOver: (key, lease) => run('takeOver', () => takeOver(tables, key, lease)),
    credits: () =>
      run('credits', () =>
        tables.members(CREDITS).flatMap((key) => {
          const record = tables.record(key)
          return record ? [{ ...toRecord(record), key }] : []
        }),
      ),
    grant: (granted) => run('grant', () => grant(tables, granted)),
    async *ledger(since = milliseconds(0), until = milliseconds(Number.POSITIVE_INFINITY)) {
      yield* await run('ledger', () => tables.ledger.filter(({ at }) => at >= since && at < until))
    },
    ping: () => run('ping', () => undefined),
    close: async () => undefined,
  }
}

function dueOf({ dueAt, now }: MemoryTables) {
  const passed = [...dueAt].filter(([, at]) => at <= now())
  return passed.sort(([, a], [, b]) => a - b).map(([key]) => key)
}

function memoryLanes(run: Run, now: () => number): Lanes {
  const lanes = new Map<LaneId, Lane>()
  const change = <Result extends { readonly lane: Lane }>(method: string, id: LaneId, rule: (lane: Lane) => Result) =>
    run(`lanes.${method}`, () => {
      const result = rule(lanes.get(id) ?? EMPTY_LANE)
      lanes.set(id, result.lane)
      return result
    })
  const at = () => milliseconds(now())
  return {
    take: async (id, floor, payment) => (await change('take', id, (lane) => take(lane, floor, payment, at()))).nonce,
    write: async (id, nonce, raw, over) =>
      (await change('write', id, (lane) => write(lane, nonce, raw, over, at()))).written,
    giveBack: async (id, nonce) => void (await change('giveBack', id, (lane) => ({ lane: giveBack(lane, nonce) }))),
    mined: async (id, count) => void (await change('mined', id, (lane) => ({ lane: mined(lane, count) }))),
    flights: async (id, count) => (await change('flights', id, (lane) => flights(lane, count))).flights,
  }
}
