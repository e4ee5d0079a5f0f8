import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { openLmdb } from '../../src/adapters/store/lmdb/index.ts'
import { openRedis } from '../../src/adapters/store/redis/index.ts'
import {
  atomicUnits,
  type Caip2,
  type FencingToken,
  type Fingerprint,
  milliseconds,
  type PaymentKey,
  seconds,
} from '../../src/domain/ids.ts'
import type { ClaimResult, NewClaim } from '../../src/domain/record.ts'
import type { Attempt, Settlement } from '../../src/domain/settlement.ts'
import type { Store } from '../../src/ports/store.ts'
import { memoryLog } from '../support/log.ts'

const LEASE = milliseconds(5_000)
const SHORT = milliseconds(40)

const settlement: Settlement = {
  network: 'eip155:84532' as Caip2,
  asset: '0xasset',
  payer: '0xpayer',
  payTo: '0xpayee',
  amount: atomicUnits(2n ** 200n),
  transaction: '0xhash',
}
const attempt: Attempt = {
  via: 'embedded',
  transaction: '0xhash',
  raw: '0xraw',
  fromBlock: undefined,
  lastValidBlockHeight: '12',
}

let serial = 0
function newClaim(more: Partial<NewClaim> = {}): NewClaim {
  const payer = `0xpayer${serial++}`
  return {
    key: `eip155:84532:0xasset:${payer}:${process.pid}-${Date.now()}-${serial}` as PaymentKey,
    payer,
    fingerprint: 'a request' as Fingerprint,
    version: 'v1',
    forgetAfter: seconds(Math.floor(Date.now() / 1_000) + 600),
    ...more,
  }
}

function tokenOf(result: ClaimResult): FencingToken {
  if (!('token' in result)) throw new Error(`expected a token, got ${result.outcome}`)
  return result.token
}

const directories: string[] = []
const stores: Record<string, () => Promise<Store>> = {
  redis: () => openRedis(inject('redisUrl'), memoryLog()),
  lmdb: async () => {
    const directory = mkdtempSync(join(tmpdir(), 'farebox-lmdb-'))
    directories.push(directory)
    return openLmdb(directory)
  },
}
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

describe.each(Object.entries(stores))('the store contract: %s', (_, open) => {
  let store: Store
  beforeAll(async () => {
    store = await open()
  })
  afterAll(() => store.close())

  test('of 100 concurrent claims of one key exactly one is granted', async () => {
    const claim = newClaim()
    const results = await Promise.all(Array.from({ length: 100 }, () => store.claim(claim, LEASE)))
    expect(results.filter(({ outcome }) => outcome === 'claimed')).toHaveLength(1)
    expect(results.filter(({ outcome }) => outcome === 'in-flight')).toHaveLength(99)
  })

  test('a claim in flight says how long to wait', async () => {
    const claim = newClaim()
    await store.claim(claim, LEASE)
    const second = await store.claim(claim, LEASE)
    expect(second).toMatchObject({ outcome: 'in-flight' })
    expect('retryAfter' in second && second.retryAfter).toBeGreaterThanOrEqual(1)
    expect('retryAfter' in second && second.retryAfter).toBeLessThanOrEqual(5)
  })

  test('an unknown key reads as undefined and a claimed one as its record', async () => {
    const claim = newClaim()
    expect(await store.read(claim.key)).toBeUndefined()
    await store.claim(claim, LEASE)
    const { key: _, ...rest } = claim
    expect(await store.read(claim.key)).toEqual({ state: 'claimed', ...rest })
  })

  test('what a move has learnt is read back as it was', async () => {
    const claim = newClaim()
    const token = tokenOf(await store.claim(claim, LEASE))
    expect(await store.move(claim.key, token, { to: 'settling', learnt: { attempt } })).toBe(true)
    expect(
      await store.move(claim.key, token, { to: 'settled', learnt: { settlement, tries: 0, reverted: false } }),
    ).toBe(true)
    const record = await store.read(claim.key)
    expect(record).toMatchObject({ state: 'settled', settlement, tries: 0, reverted: false })
    expect(record?.attempt).toEqual(JSON.parse(JSON.stringify(attempt)))
  })

  test('a released claim leaves nothing behind', async () => {
    const claim = newClaim()
    const token = tokenOf(await store.claim(claim, LEASE))
    expect(await store.release(claim.key, token)).toBe(true)
    expect(await store.read(claim.key)).toBeUndefined()
    expect(await store.claim(claim, LEASE)).toMatchObject({ outcome: 'claimed' })
  })

  test('what was sent cannot be released', async () => {
    const claim = newClaim()
    const token = tokenOf(await store.claim(claim, LEASE))
    await store.move(claim.key, token, { to: 'settling', learnt: { attempt } })
    expect(await store.release(claim.key, token)).toBe(false)
    expect(await store.read(claim.key)).toMatchObject({ state: 'settling' })
  })

  test('an expired lease is taken over, and its former owner can move nothing', async () => {
    const claim = newClaim()
    const first = tokenOf(await store.claim(claim, SHORT))
    await sleep(80)
    const second = tokenOf(await store.claim(claim, LEASE))
    expect(await store.move(claim.key, first, { to: 'settling', learnt: { attempt } })).toBe(false)
    expect(await store.renew(claim.key, first, LEASE)).toBe(false)
    expect(await store.release(claim.key, first)).toBe(false)
    expect(await store.move(claim.key, second, { to: 'settling', learnt: { attempt } })).toBe(true)
  })

  test('a renewed lease does not expire', async () => {
    const claim = newClaim()
    const token = tokenOf(await store.claim(claim, SHORT))
    expect(await store.renew(claim.key, token, LEASE)).toBe(true)
    await sleep(80)
    expect(await store.claim(claim, LEASE)).toMatchObject({ outcome: 'in-flight' })
  })

  test('a settlement that was cut off is unresolved, for one caller at a time', async () => {
    const claim = newClaim()
    const token = tokenOf(await store.claim(claim, SHORT))
    await store.move(claim.key, token, { to: 'settling', learnt: { attempt } })
    await sleep(80)
    const results = await Promise.all([store.claim(claim, LEASE), store.claim(claim, LEASE)])
    expect(results.map(({ outcome }) => outcome).sort()).toEqual(['in-flight', 'unresolved'])
  })

  test('an unknown outcome gives its lease up at once', async () => {
    const claim = newClaim()
    const token = tokenOf(await store.claim(claim, LEASE))
    await store.move(claim.key, token, { to: 'settling', learnt: { attempt } })
    await store.move(claim.key, token, { to: 'unknown' })
    expect(await store.move(claim.key, token, { to: 'settled', learnt: { settlement } })).toBe(false)
    expect(await store.claim(claim, LEASE)).toMatchObject({ outcome: 'unresolved' })
  })

  test('a credit is owed to the same request three tries in all, then exhausted', async () => {
    const claim = newClaim()
    let token = tokenOf(await store.claim(claim, LEASE))
    await store.move(claim.key, token, { to: 'settled', learnt: { settlement } })
    for (const tries of [1, 2, 3]) {
      await store.move(claim.key, token, { to: 'delivering', learnt: { tries } })
      await store.move(claim.key, token, { to: 'credited' })
      const again = await store.claim(claim, LEASE)
      if (tries === 3) expect(again).toEqual({ outcome: 'exhausted', settlement })
      else {
        expect(again).toMatchObject({ outcome: 'owed', settlement, tries })
        token = tokenOf(again)
      }
    }
  })

  test('a delivered payment is spent, and stays so', async () => {
    const claim = newClaim()
    const token = tokenOf(await store.claim(claim, LEASE))
    await store.move(claim.key, token, { to: 'settled', learnt: { settlement } })
    await store.move(claim.key, token, { to: 'delivered' })
    expect(await store.claim(claim, LEASE)).toEqual({ outcome: 'spent', settlement })
    expect(await store.move(claim.key, token, { to: 'credited' })).toBe(false)
  })

  test('a void payment is void', async () => {
    const claim = newClaim()
    const token = tokenOf(await store.claim(claim, LEASE))
    await store.move(claim.key, token, { to: 'void' })
    expect(await store.claim(claim, LEASE)).toEqual({ outcome: 'void' })
  })

  test.each(['claimed', 'settling', 'credited', 'delivered'] as const)(
    'a %s payment is refused to another request',
    async (state) => {
      const claim = newClaim()
      const token = tokenOf(await store.claim(claim, LEASE))
      if (state !== 'claimed') await store.move(claim.key, token, { to: state, learnt: { settlement } })
      expect(await store.claim({ ...claim, fingerprint: 'another' as Fingerprint }, LEASE)).toEqual({
        outcome: 'other-request',
      })
    },
  )

  test('it answers a ping', async () => {
    await expect(store.ping()).resolves.toBeUndefined()
  })
})

test('an embedded store that is open in this process is not opened again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'farebox-lmdb-'))
  directories.push(directory)
  const first = openLmdb(directory)
  expect(() => openLmdb(`${directory}/.`)).toThrow('is open in this process already')
  await first.close()
  await openLmdb(directory).close()
})
