import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openLmdb } from '../../src/adapters/store/lmdb/index.ts'
import type { FencingToken } from '../../src/domain/ids.ts'
import type { Store } from '../../src/ports/store.ts'
import { memoryStore } from '../support/memory-store.ts'
import { scratch } from '../support/scratch.ts'
import {
  bring,
  bytesOf,
  entriesOf,
  LEASE,
  newClaim,
  response,
  settlement,
  signedAnew,
  tokenOf,
} from './contract/life.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const stores: Readonly<Record<string, () => Store>> = {
  memory: () => memoryStore({ now: Date.now }),
  lmdb: () => openLmdb(scratch()),
}

// Only where the store's clock is this process's can it be moved.
describe.each(Object.entries(stores))('the store contract, as time goes by: %s', (_, open) => {
  let store: Store
  const advance = (ms: number) => vi.setSystemTime(Date.now() + ms)
  beforeAll(() => {
    vi.useFakeTimers({ toFake: ['Date'] })
    store = open()
  })
  afterAll(async () => {
    vi.useRealTimers()
    await store.close()
  })

  test('an identifier is remembered for 24 hours with its response, longer than its payment need be', async () => {
    const identifier = { id: 'pay_7d5d747be160e280', binding: 'terms and request' }
    const claim = newClaim({ identifier })
    const token = await bring(store, claim, 'delivering')
    await store.move(claim.key, token, { to: 'delivered', keep: response })
    const taken = await store.takeOver(claim.key, LEASE)
    await store.move(claim.key, taken?.token as FencingToken, { to: 'delivered', learnt: { final: true } })
    const other = signedAnew(claim, { identifier: { ...identifier, binding: 'others' } })
    advance(DAY_MS - MINUTE_MS)
    expect(bytesOf(await store.claim(claim, LEASE))).toEqual({ outcome: 'stored', settlement, response })
    expect(await store.claim(other, LEASE)).toEqual({ outcome: 'identifier-reused' })
    advance(2 * MINUTE_MS)
    expect(await store.read(claim.key)).toBeUndefined()
    expect(await store.claim(other, LEASE)).toMatchObject({ outcome: 'claimed' })
  })

  test('an open credit outlives every authorization', async () => {
    const claim = newClaim()
    await bring(store, claim, 'credited')
    advance(365 * DAY_MS)
    expect(await store.claim(signedAnew(claim), LEASE)).toMatchObject({ outcome: 'owed', key: claim.key })
  })

  test('a lease ends at its time, and not before', async () => {
    const claim = newClaim()
    await store.claim(claim, LEASE)
    advance(LEASE - 1)
    expect(await store.claim(claim, LEASE)).toEqual({ outcome: 'in-flight', retryAfter: 1 })
    advance(1)
    expect(await store.claim(claim, LEASE)).toMatchObject({ outcome: 'claimed' })
  })

  test('the ledger stays in order when the clock goes back, and leases do not wait for it', async () => {
    const [before, after] = [newClaim(), newClaim()]
    await bring(store, before, 'settled')
    const last = (await entriesOf(store, [before.key])).at(-1)?.at
    advance(-10 * MINUTE_MS)
    const token = tokenOf(await store.claim(after, LEASE))
    await store.move(after.key, token, { to: 'settling' })
    const entries = await entriesOf(store, [before.key, after.key])
    expect(entries.map(({ key }) => key)).toEqual([before.key, before.key, after.key])
    expect(entries.at(-1)?.at).toBe(last)
    expect(await entriesOf(store, [before.key, after.key], last)).toContainEqual(entries.at(-1))
    advance(LEASE)
    expect(await store.claim(after, LEASE)).toMatchObject({ outcome: 'unresolved' })
  })
})
