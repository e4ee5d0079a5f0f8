import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { openRedis } from '../../src/adapters/store/redis/index.ts'
import { keyIn, laneTag, markerOf, PAYMENT_TAGS, type Tag, tagOf } from '../../src/adapters/store/redis/keys.ts'
import { slotOf } from '../../src/adapters/store/redis/slot.ts'
import type { LedgerEntry } from '../../src/domain/ledger.ts'
import type { NewClaim } from '../../src/domain/record.ts'
import { type Store, StoreUnavailable } from '../../src/ports/store.ts'
import { memoryLog } from '../support/log.ts'
import { ATTEMPT, LEASE, newClaim, tokenOf } from '../support/redis-payments.ts'
import type { RedisServer } from '../support/redis-server.ts'
import { ask, type RedisCluster, startCluster, until } from '../support/redis-topology.ts'

const THIRDS = [0, 5_461, 10_923, 16_384]

async function open(url: string): Promise<Store> {
  const store = await openRedis(url, memoryLog())
  onTestFinished(() => store.close())
  return store
}

/** A payment whose slot lies in the third that a node starts with, and is not one that is left out. */
function claimAt(third: number, but?: Tag): NewClaim {
  for (;;) {
    const claim = newClaim()
    if (tagOf(claim.key) === but) continue
    const slot = slotOf(tagOf(claim.key))
    if (slot >= (THIRDS[third] as number) && slot < (THIRDS[third + 1] as number)) return claim
  }
}

describe('a Cluster', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startCluster()
  })
  afterAll(() => cluster.stop())
  const node = (i: number) => cluster.nodes[i] as RedisServer

  test('puts each tag where this side believes it to be', async () => {
    for (const tag of [...PAYMENT_TAGS, laneTag('eip155:84532:0xrelayer'), ''])
      expect(slotOf(tag), tag).toBe(await ask(node(0), 'CLUSTER', 'KEYSLOT', tag))
  })

  test('has payers on each of its nodes', () => {
    const thirds = PAYMENT_TAGS.map((tag) => THIRDS.findLastIndex((first) => first <= slotOf(tag)))
    expect([...new Set(thirds)].sort()).toEqual([0, 1, 2])
  })

  test('of many claims through two instances grants each once, and tells of all in the order of their times', async () => {
    const [one, two] = [await open(cluster.url), await open(cluster.url)]
    const claims = Array.from({ length: 100 }, () => newClaim())
    const results = await Promise.all(
      claims.map(async (claim) => ({ claim, both: await Promise.all([one, two].map((s) => s.claim(claim, LEASE))) })),
    )
    for (const { claim, both } of results) {
      expect(both.map(({ outcome }) => outcome).sort()).toEqual(['claimed', 'in-flight'])
      const token = tokenOf(both.find((result) => 'token' in result) ?? { outcome: 'void' })
      await two.move(claim.key, token, { to: 'settling', learnt: { attempt: ATTEMPT } })
    }
    const entries: LedgerEntry[] = []
    for await (const entry of one.ledger()) entries.push(entry)
    expect(new Set(entries.map(({ key }) => key))).toEqual(new Set(claims.map(({ key }) => key)))
    expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).sort((a, b) => a - b))
  })

  test('that loses what one node knew has another epoch', async () => {
    const store = await open(cluster.url)
    const before = store.epoch()
    await ask(node(1), 'FLUSHALL')
    await store.claim(claimAt(1), LEASE).catch(() => undefined)
    expect(store.epoch()).not.toBe(before)
    expect(await store.claim(claimAt(1), LEASE)).toMatchObject({ outcome: 'claimed' })
  })

  test('that moves a slot does a step whole or not at all, and keeps what it knew', async () => {
    const store = await open(cluster.url)
    const claim = claimAt(0)
    const [tag, slot] = [tagOf(claim.key), slotOf(tagOf(claim.key))]
    const token = tokenOf(await store.claim(claim, LEASE))
    const ids = await Promise.all([0, 1].map(async (i) => String(await ask(node(i), 'CLUSTER', 'MYID'))))
    await ask(node(1), 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids[0] as string)
    await ask(node(0), 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', ids[1] as string)
    const migrate = (key: string) => ask(node(0), 'MIGRATE', '127.0.0.1', node(1).port, key, 0, 2_000)

    // The record is there already, its marker is here still.
    await migrate(keyIn(tag, 'payment', claim.key))
    await expect(store.claim({ ...newClaim(), key: claim.key }, LEASE)).rejects.toThrow(StoreUnavailable)
    await migrate(markerOf(tag))
    // Long enough for every primary to be looked at.
    const others = async () =>
      void (await Promise.all([0, 1, 2].map((third) => store.claim(claimAt(third, tag), LEASE))))
    for (const end = Date.now() + 1_500; Date.now() < end; await sleep(50)) await others()
    await expect(store.claim({ ...newClaim(), key: claim.key }, LEASE)).rejects.toThrow(StoreUnavailable)
    await expect(store.move(claim.key, token, { to: 'settling', learnt: { attempt: ATTEMPT } })).rejects.toThrow(
      StoreUnavailable,
    )
    expect(await store.read(claim.key)).toMatchObject({ state: 'claimed' })

    for (const key of (await ask(node(0), 'CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[]) await migrate(key)
    for (const i of [1, 0, 2]) await ask(node(i), 'CLUSTER', 'SETSLOT', slot, 'NODE', ids[1] as string)
    await until('the step, at the new place', () =>
      store.move(claim.key, token, { to: 'settling', learnt: { attempt: ATTEMPT } }),
    )
    const entries: LedgerEntry[] = []
    for await (const entry of store.ledger()) if (entry.key === claim.key) entries.push(entry)
    expect(entries.map(({ event }) => event)).toEqual(['settling'])
  })
})

describe('a Cluster with a replica of each node', () => {
  let cluster: RedisCluster
  let store: Store
  beforeEach(async () => {
    cluster = await startCluster({ replicas: 3 })
    store = await open(cluster.url)
  })
  afterEach(() => cluster.stop())

  test('waits for the replica of the node that holds the slot, and for no other', async () => {
    process.kill((cluster.replicas[0] as RedisServer).pid, 'SIGSTOP')
    await expect(store.claim(claimAt(0), LEASE)).rejects.toThrow('no replica of')
    expect(await store.claim(claimAt(1), LEASE)).toMatchObject({ outcome: 'claimed' })
  }, 60_000)

  test('that loses a primary goes on with its replica, and has another epoch before it grants a claim there', async () => {
    const before = store.epoch()
    const claim = claimAt(0)
    const token = tokenOf(await store.claim(claim, LEASE))
    await (cluster.nodes[0] as RedisServer).kill()
    await expect(store.claim(claimAt(0), LEASE)).rejects.toThrow(StoreUnavailable)
    await until(
      'a claim on the slots of the lost primary',
      async () => 'token' in (await store.claim(claimAt(0), LEASE)),
    )
    expect(store.epoch()).not.toBe(before)
    expect(await store.claim(claim, LEASE)).toMatchObject({ outcome: 'in-flight' })
    expect(await store.move(claim.key, token, { to: 'settling', learnt: { attempt: ATTEMPT } })).toBe(true)
  }, 60_000)
})
