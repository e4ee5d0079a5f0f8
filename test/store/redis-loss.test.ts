import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { openRedis } from '../../src/adapters/store/redis/index.ts'
import { milliseconds } from '../../src/domain/ids.ts'
import type { LedgerEntry } from '../../src/domain/ledger.ts'
import { type Store, StoreUnavailable } from '../../src/ports/store.ts'
import { memoryLog } from '../support/log.ts'
import { ATTEMPT, LEASE, newClaim, SETTLEMENT, tokenOf } from '../support/redis-payments.ts'
import { startRedisProxy } from '../support/redis-proxy.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { ask, until } from '../support/redis-topology.ts'

let server: RedisServer
beforeEach(async () => {
  server = await startRedis()
})
afterEach(() => server.stop())

async function open(url = server.url): Promise<Store> {
  const store = await openRedis(url, memoryLog())
  onTestFinished(() => store.close())
  return store
}

async function ledgerOf(store: Store): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = []
  for await (const entry of store.ledger()) entries.push(entry)
  return entries
}

const answers = (store: Store) => until('a store that answers', () => store.ping().then(() => true))

describe('a store that forgets', () => {
  test('has an epoch that stays the same, for every instance, while nothing is forgotten', async () => {
    const [one, two] = [await open(), await open()]
    const before = one.epoch()
    expect(two.epoch()).toBe(before)
    await one.claim(newClaim(), LEASE)
    await one.close()
    expect([two.epoch(), (await open()).epoch()]).toEqual([before, before])
  })

  test('grants no claim after FLUSHALL before its epoch has changed, on any instance', async () => {
    const stores = [await open(), await open()]
    const before = stores[0]?.epoch()
    await ask(server, 'FLUSHALL')
    for (const store of stores) {
      const claim = newClaim()
      let result = await store.claim(claim, LEASE).catch((error) => error)
      // The store may have been looked at in the meantime, and then says so by its epoch.
      if (store.epoch() === before) {
        expect(result).toBeInstanceOf(StoreUnavailable)
        result = await store.claim(claim, LEASE)
      }
      expect(store.epoch()).not.toBe(before)
    }
    for (const store of stores) expect(await store.claim(newClaim(), LEASE)).toMatchObject({ outcome: 'claimed' })
    expect(stores[0]?.epoch()).toBe(stores[1]?.epoch())
  })

  test('refuses the claim itself that finds the store emptied', async () => {
    const store = await open()
    const refused = async () => {
      const before = store.epoch()
      await ask(server, 'FLUSHALL')
      const result = await store.claim(newClaim(), LEASE).catch((error: Error) => error)
      expect(store.epoch()).not.toBe(before)
      return result instanceof Error && result.message.startsWith('the store was emptied')
    }
    // Not each time: the store may look by itself just before the claim comes.
    while (!(await refused()));
  })

  test('notices by itself, when no claim comes', async () => {
    const store = await open()
    const before = store.epoch()
    await ask(server, 'FLUSHALL')
    await until('another epoch', async () => store.epoch() !== before)
  })

  test('has another epoch after a crash and a new start of the server', async () => {
    const store = await open()
    const before = store.epoch()
    await server.restart()
    await answers(store)
    expect(store.epoch()).not.toBe(before)
  })
})

describe('a store that has no memory left', () => {
  test('refuses claims and its ping, lets what is under way come to its end, and recovers', async () => {
    const store = await open()
    const claim = newClaim()
    const token = tokenOf(await store.claim(claim, LEASE))
    await ask(server, 'CONFIG', 'SET', 'maxmemory', 1)
    await expect(store.claim(newClaim(), LEASE)).rejects.toThrow(StoreUnavailable)
    await expect(store.ping()).rejects.toThrow(StoreUnavailable)
    expect(await store.move(claim.key, token, { to: 'settling', learnt: { attempt: ATTEMPT } })).toBe(true)
    expect(await store.move(claim.key, token, { to: 'settled', learnt: { settlement: SETTLEMENT } })).toBe(true)
    await ask(server, 'CONFIG', 'SET', 'maxmemory', 0)
    expect(await store.claim(newClaim(), LEASE)).toMatchObject({ outcome: 'claimed' })
  })
})

describe('a store that stops answering', () => {
  test('is unavailable within seconds, to everything, and answers again when it does', async () => {
    const store = await open()
    const claim = newClaim()
    const token = tokenOf(await store.claim(claim, LEASE))
    process.kill(server.pid, 'SIGSTOP')
    const since = performance.now()
    const asked = [
      store.claim(newClaim(), LEASE),
      store.read(claim.key),
      store.renew(claim.key, token, LEASE),
      store.move(claim.key, token, { to: 'settling', learnt: { attempt: ATTEMPT } }),
      store.release(claim.key, token),
      store.due(10),
      store.takeOver(claim.key, LEASE),
      store.credits(),
      ledgerOf(store),
      store.ping(),
      store.lanes.take('eip155:1:0xrelayer', 0, undefined),
    ]
    for (const result of await Promise.allSettled(asked))
      expect(result).toMatchObject({ status: 'rejected', reason: { name: 'StoreUnavailable' } })
    expect(performance.now() - since).toBeLessThan(5_000)
    process.kill(server.pid, 'SIGCONT')
    await answers(store)
  })

  test('keeps no command for later: what is asked while it is gone fails at once', async () => {
    const store = await open()
    await server.kill()
    await until('a lost connection', async () =>
      store.ping().then(
        () => false,
        () => true,
      ),
    )
    const since = performance.now()
    await expect(store.claim(newClaim(), LEASE)).rejects.toThrow(StoreUnavailable)
    expect(performance.now() - since).toBeLessThan(100)
  })
})

describe('an answer that is lost', () => {
  test('to a claim is no claim, and the claim that nobody knows of ends with its lease', async () => {
    const proxy = await startRedisProxy(server.port)
    onTestFinished(() => proxy.stop())
    const [near, far] = [await open(), await open(proxy.url)]
    const claim = newClaim()
    await far.claim(newClaim(), LEASE)
    const lost = proxy.loseAnswerTo(claim.key)
    await expect(far.claim(claim, milliseconds(800))).rejects.toThrow(StoreUnavailable)
    await lost
    expect(await near.read(claim.key)).toMatchObject({ state: 'claimed' })
    expect(await near.claim(claim, LEASE)).toMatchObject({ outcome: 'in-flight' })
    await sleep(900)
    expect(await near.claim(claim, LEASE)).toMatchObject({ outcome: 'claimed' })
  })

  test('to a move is not made up for by a second one', async () => {
    const proxy = await startRedisProxy(server.port)
    onTestFinished(() => proxy.stop())
    const [near, far] = [await open(), await open(proxy.url)]
    const claim = newClaim()
    const token = tokenOf(await far.claim(claim, LEASE))
    const other = newClaim()
    await far.move(other.key, tokenOf(await far.claim(other, LEASE)), { to: 'settling', learnt: { attempt: ATTEMPT } })
    const lost = proxy.loseAnswerTo(claim.key)
    await expect(far.move(claim.key, token, { to: 'settling', learnt: { attempt: ATTEMPT } })).rejects.toThrow(
      StoreUnavailable,
    )
    await lost
    await answers(far)
    expect(await far.release(claim.key, token)).toBe(false)
    const entries = await ledgerOf(near)
    expect(entries.filter(({ key }) => key === claim.key).map(({ event }) => event)).toEqual(['settling'])
    expect(await near.claim(claim, LEASE)).toMatchObject({ outcome: 'in-flight' })
  })
})
