import { rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openEnvironment } from '../../src/adapters/store/lmdb/databases.ts'
import { openLmdb } from '../../src/adapters/store/lmdb/index.ts'
import { sweep } from '../../src/adapters/store/lmdb/sweep.ts'
import { type FencingToken, milliseconds, type PaymentKey } from '../../src/domain/ids.ts'
import { StoreUnavailable } from '../../src/ports/store.ts'
import { scratch } from '../support/scratch.ts'
import { bring, bytesOf, entriesOf, inSeconds, isDue, LEASE, newClaim, response, signedAnew } from './contract/life.ts'

const identifier = { id: 'pay_7d5d747be160e280', binding: 'terms and request' }

test('an embedded store that is open in this process is not opened again', async () => {
  const directory = scratch()
  const first = openLmdb(directory)
  expect(() => openLmdb(`${directory}/.`)).toThrow('is open in this process already')
  await first.close()
  await openLmdb(directory).close()
})

test('a directory that cannot be used is named', () => {
  expect(() => openLmdb('/dev/null/store')).toThrow(/^STORE_DIR \/dev\/null\/store: /)
})

test('everything is there again after a restart', async () => {
  const directory = scratch()
  const first = openLmdb(directory)
  const served = newClaim({ identifier })
  const credit = newClaim()
  const token = await bring(first, served, 'delivering')
  await first.move(served.key, token, { to: 'delivered', keep: response, lookIn: milliseconds(0) })
  await bring(first, credit, 'credited')
  await first.lanes.take('lane', 3, served.key)
  await first.lanes.write('lane', 3, '0xraw')
  const told = async (store: typeof first) => ({
    epoch: store.epoch(),
    records: [await store.read(served.key), await store.read(credit.key)],
    due: await isDue(store, served.key),
    credits: await store.credits(),
    ledger: await entriesOf(store, [served.key, credit.key]),
    lane: await store.lanes.flights('lane', 3),
    stored: bytesOf(await store.claim(signedAnew(served, { identifier }), LEASE)),
  })
  const before = await told(first)
  await first.close()
  const second = openLmdb(directory)
  expect(await told(second)).toEqual(before)
  expect(before).toMatchObject({ due: true, stored: { outcome: 'stored', response } })
  expect(before.ledger).toHaveLength(8)
  await second.close()
})

test('a step that fails half-way leaves nothing, and takes no other with it', async () => {
  const store = openLmdb(scratch())
  // Fits as a key of a payment, and no more once its expiry stands before it.
  const long = { ...newClaim(), key: `eip155:1:0xasset:0xpayer:${'f'.repeat(1_940)}` as PaymentKey }
  const others = Array.from({ length: 20 }, () => newClaim())
  const claims = [...others.slice(0, 10), long, ...others.slice(10)]
  const results = await Promise.allSettled(claims.map((claim) => store.claim(claim, LEASE)))
  const failed = results.flatMap((result, i) => (result.status === 'rejected' ? [[i, result.reason]] : []))
  expect(failed).toEqual([[10, expect.any(StoreUnavailable)]])
  expect(await store.read(long.key)).toBeUndefined()
  for (const { key } of others) expect(await store.read(key)).toMatchObject({ state: 'claimed' })
  await store.close()
})

test('a store whose directory was emptied under it is shut, until it is opened anew', async () => {
  const directory = scratch()
  const store = openLmdb(directory)
  const claim = newClaim()
  const epoch = store.epoch()
  await bring(store, claim, 'credited')
  rmSync(directory, { recursive: true })
  const unavailable = expect.objectContaining({ name: 'StoreUnavailable', message: expect.stringContaining('emptied') })
  await expect(store.claim(newClaim(), LEASE)).rejects.toEqual(unavailable)
  await expect(store.read(claim.key)).rejects.toEqual(unavailable)
  await expect(store.lanes.take('lane', 0, undefined)).rejects.toEqual(unavailable)
  await expect(store.ping()).rejects.toEqual(unavailable)
  await store.close()
  const anew = openLmdb(directory)
  expect(await anew.read(claim.key)).toBeUndefined()
  expect(anew.epoch()).not.toBe(epoch)
  await anew.close()
})

test('the sweep frees the space of what is forgotten, and of nothing else', async () => {
  const directory = scratch()
  const store = openLmdb(directory)
  const [claimed, opened, served, refunded] = [
    newClaim(),
    newClaim(),
    newClaim({ identifier }),
    newClaim({ identifier }),
  ]
  await store.claim(claimed, LEASE)
  await bring(store, opened, 'settling')
  await store.move(served.key, await bring(store, served, 'delivering'), { to: 'delivered', keep: response })
  await store.move(refunded.key, await bring(store, refunded, 'delivering'), { to: 'credited', keep: response })
  const token = (await store.takeOver(refunded.key, LEASE))?.token as FencingToken
  for (const to of ['refunding', 'refunded'] as const) await store.move(refunded.key, token, { to })
  await store.close()

  const environment = openEnvironment(directory)
  const { payments, copies, identifiers, expiry } = environment.databases
  const left = () => [payments.getKeysCount(), copies.getKeysCount(), identifiers.getKeysCount()]
  const sweepAt = (at: number) => payments.transactionSync(() => sweep(environment.databases, milliseconds(at * 1_000)))
  expect(sweepAt(inSeconds(0))).toBe(false)
  expect(left()).toEqual([4, 1, 2])
  sweepAt(inSeconds(700))
  expect(left()).toEqual([3, 1, 2])
  expect(payments.get(claimed.key)).toBeUndefined()
  sweepAt(inSeconds(90_000))
  expect(left()).toEqual([2, 0, 0])
  // What was to be kept for longer before it was closed leaves nothing behind either.
  sweepAt(inSeconds(700_000))
  expect(left()).toEqual([2, 0, 0])
  expect(expiry.getKeysCount()).toBe(0)
  await environment.close()
})
