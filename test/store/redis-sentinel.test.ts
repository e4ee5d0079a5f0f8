import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { openRedis } from '../../src/adapters/store/redis/index.ts'
import type { ClaimResult, NewClaim } from '../../src/domain/record.ts'
import { type Store, StoreUnavailable } from '../../src/ports/store.ts'
import { memoryLog } from '../support/log.ts'
import { ATTEMPT, LEASE, newClaim, SETTLEMENT, tokenOf } from '../support/redis-payments.ts'
import { type Replicated, startReplicated, until } from '../support/redis-topology.ts'

let redis: Replicated
beforeEach(async () => {
  redis = await startReplicated()
})
afterEach(() => redis.stop())

async function open(url = redis.url): Promise<Store> {
  const store = await openRedis(url, memoryLog())
  onTestFinished(() => store.close())
  return store
}

const answers = (store: Store) => until('a store that answers', () => store.ping().then(() => true))

/** Makes the claim until the store gives an answer; counts how often it gave none. */
async function claimAnyhow(store: Store, claim: NewClaim): Promise<{ result: ClaimResult; failures: Error[] }> {
  const failures: Error[] = []
  for (;;) {
    const result = await store.claim(claim, LEASE).catch((error: Error) => error)
    if (!(result instanceof Error)) return { result, failures }
    failures.push(result)
    await sleep(10)
  }
}

describe('a primary that is killed in mid-claim', () => {
  test('never gives two tokens that hold for one key, and the gap is StoreUnavailable', async () => {
    const [one, two] = [await open(), await open()]
    const before = one.epoch()
    const claims = Array.from({ length: 200 }, () => newClaim())
    let killed: Promise<void> | undefined
    const taken = await Promise.all(
      claims.map(async (claim, i) => {
        await sleep(i)
        if (i === 100) killed = redis.primary.kill()
        const both = await Promise.all([claimAnyhow(one, claim), claimAnyhow(two, claim)])
        const granted = both.flatMap(({ result }, which) =>
          'token' in result ? [{ store: which === 0 ? one : two, token: result.token }] : [],
        )
        return { claim, granted, failures: both.flatMap(({ failures }) => failures) }
      }),
    )
    await killed
    const failures = taken.flatMap((each) => each.failures)
    expect(failures.length).toBeGreaterThan(0)
    for (const failure of failures) expect(failure).toBeInstanceOf(StoreUnavailable)
    for (const { claim, granted } of taken) {
      expect(granted.length, 'both got a token').toBeLessThanOrEqual(1)
      // What was granted holds on the primary that is now: a confirmed claim outlived the old one.
      for (const { store, token } of granted)
        expect(await store.move(claim.key, token, { to: 'settling', learnt: { attempt: ATTEMPT } })).toBe(true)
    }
    expect(one.epoch()).not.toBe(before)
    expect(two.epoch()).toBe(one.epoch())
  }, 60_000)

  test('loses nothing that was about to be sent', async () => {
    const store = await open()
    const claim = newClaim()
    const token = tokenOf(await store.claim(claim, LEASE))
    expect(await store.move(claim.key, token, { to: 'settling', learnt: { attempt: ATTEMPT } })).toBe(true)
    await redis.primary.kill()
    await answers(store)
    expect(await store.read(claim.key)).toMatchObject({ state: 'settling', attempt: { transaction: '0xhash' } })
    expect(await store.renew(claim.key, token, LEASE)).toBe(true)
  }, 60_000)

  test('and comes back is a replica, and is not asked', async () => {
    const store = await open()
    await redis.primary.kill()
    await answers(store)
    const claim = newClaim()
    await store.claim(claim, LEASE)
    await redis.primary.restart()
    const other = await open()
    expect(await other.claim(claim, LEASE)).toMatchObject({ outcome: 'in-flight' })
  }, 60_000)
})

describe('a replica that does not confirm', () => {
  test('makes a claim fail within a second, and leaves the key free', async () => {
    const store = await open()
    const claim = newClaim()
    process.kill(redis.replica.pid, 'SIGSTOP')
    const since = performance.now()
    await expect(store.claim(claim, LEASE)).rejects.toThrow('no replica of')
    expect(performance.now() - since).toBeLessThan(1_000)
    await until('a key that is free again', async () => (await store.read(claim.key)) === undefined)
    process.kill(redis.replica.pid, 'SIGCONT')
    expect((await claimAnyhow(store, claim)).result).toMatchObject({ outcome: 'claimed' })
  })

  test('makes the move to settling fail: nothing may be sent', async () => {
    const store = await open()
    const claim = newClaim()
    const token = tokenOf(await store.claim(claim, LEASE))
    process.kill(redis.replica.pid, 'SIGSTOP')
    await expect(store.move(claim.key, token, { to: 'settling', learnt: { attempt: ATTEMPT } })).rejects.toThrow(
      StoreUnavailable,
    )
    // Other moves, and what only reads, go on.
    expect(await store.renew(claim.key, token, LEASE)).toBe(true)
    expect(await store.move(claim.key, token, { to: 'unknown' })).toBe(true)
  })

  test('makes the moves fail after which the upstream is called, bytes go to the payer, or money back', async () => {
    const store = await open()
    const claim = newClaim()
    const token = tokenOf(await store.claim(claim, LEASE))
    await store.move(claim.key, token, { to: 'settling', learnt: { attempt: ATTEMPT } })
    process.kill(redis.replica.pid, 'SIGSTOP')
    expect(await store.move(claim.key, token, { to: 'settled', learnt: { settlement: SETTLEMENT } })).toBe(true)
    const keep = { status: 200, headers: [], body: new TextEncoder().encode('an answer') }
    for (const what of [{ learnt: { tries: 1 } }, { keep }, { learnt: { served: true } }])
      await expect(store.move(claim.key, token, { to: 'delivering', ...what })).rejects.toThrow('no replica of')
    expect(await store.move(claim.key, token, { to: 'credited' })).toBe(true)
    const operator = await store.takeOver(claim.key, LEASE)
    if (!operator) throw new Error('not taken over')
    const refund = { attempt: ATTEMPT }
    await expect(store.move(claim.key, operator.token, { to: 'refunding', learnt: { refund } })).rejects.toThrow(
      'no replica of',
    )
  })

  test('is not waited for once it is gone', async () => {
    const store = await open()
    await redis.replica.kill()
    await until('a claim', async () => (await store.claim(newClaim(), LEASE)).outcome === 'claimed')
  })

  test('holds for a single server with a replica too', async () => {
    const store = await open(redis.primary.url)
    process.kill(redis.replica.pid, 'SIGSTOP')
    await expect(store.claim(newClaim(), LEASE)).rejects.toThrow('no replica of')
  })
})
