import { beforeEach, describe, expect, test } from 'vitest'
import { LaneFull, openLane } from '../../src/adapters/evm/lane.ts'
import type { PaymentKey } from '../../src/domain/ids.ts'
import type { Lanes } from '../../src/ports/lanes.ts'
import { StoreUnavailable } from '../../src/ports/store.ts'
import { memoryLanes } from './evm-parts.ts'

const ID = 'eip155:84532:0xrelayer'

describe('a queue for the nonces of a relayer', () => {
  let lanes: Lanes
  let counted: number
  let gaps: number
  beforeEach(() => {
    lanes = memoryLanes()
    counted = 0
    gaps = 0
  })
  const queue = (mined = 0, shared = lanes) =>
    openLane({
      lanes: shared,
      id: ID,
      count: async () => {
        counted++
        return mined
      },
      onGap: () => {
        gaps++
      },
    })
  const take = (lane: ReturnType<typeof openLane>, count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => lane.take(`key${index}` as PaymentKey)))

  test('hands them out from the count on chain, which it asks for once', async () => {
    expect(await take(queue(7), 5)).toEqual([7, 8, 9, 10, 11])
    expect(counted).toBe(1)
  })

  test('lets sixteen be in flight, and the next when one is mined', async () => {
    const lane = queue()
    await take(lane, 16)
    let next: number | undefined
    const waiting = lane.take('late' as PaymentKey).then((nonce) => {
      next = nonce
    })
    await new Promise((resolve) => setTimeout(resolve, 120))
    expect(next).toBeUndefined()
    expect(lane.load()).toBe(17)
    lane.mined(0)
    await waiting
    expect(next).toBe(16)
  })

  test('lets sixteen be in flight over all instances, and learns from the store when another frees a place', async () => {
    const [one, other] = [queue(), queue()]
    await take(one, 16)
    const waiting = other.take('other' as PaymentKey)
    one.mined(4)
    expect(await waiting).toBe(16)
  })

  test('never hands one out twice, however many ask', async () => {
    const [one, other] = [queue(), queue()]
    const seen: number[] = []
    const run = async (lane: ReturnType<typeof openLane>, key: string) => {
      const nonce = await lane.take(key as PaymentKey)
      seen.push(nonce)
      await new Promise(setImmediate)
      lane.mined(nonce)
    }
    await Promise.all(Array.from({ length: 200 }, (_, index) => run(index % 2 ? one : other, `key${index}`)))
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => index))
  })

  test('lets only so many wait', async () => {
    const lane = queue()
    await take(lane, 16)
    for (let waiting = 0; waiting < 1_000; waiting++) void lane.take('waits' as PaymentKey)
    await expect(lane.take('late' as PaymentKey)).rejects.toThrow(LaneFull)
  })

  test('hands out again what was given back, and calls for the gap where nobody waits for it', async () => {
    const lane = queue()
    await take(lane, 3)
    expect(await lane.giveBack(2)).toBe(true)
    expect(gaps).toBe(0)
    expect(await lane.giveBack(0)).toBe(true)
    expect(gaps).toBe(1)
    expect(await take(lane, 2)).toEqual([0, 2])
  })

  test('goes on where the chain has come to after a reorg', async () => {
    const lane = queue(5)
    lane.mined((await take(lane, 1))[0] as number)
    await lanes.flights(ID, 3)
    lane.reset(3)
    expect(await take(lane, 2)).toEqual([3, 4])
  })

  test('tells everybody who waits that the store is away, and goes on when it is back', async () => {
    let away = true
    const failing: Lanes = {
      ...lanes,
      take: (...asked) => (away ? Promise.reject(new StoreUnavailable('away')) : lanes.take(...asked)),
    }
    const lane = queue(0, failing)
    const failed = await Promise.allSettled(Array.from({ length: 40 }, () => lane.take('key' as PaymentKey)))
    expect(failed.every(({ status }) => status === 'rejected')).toBe(true)
    away = false
    expect(await take(lane, 16)).toHaveLength(16)
  })

  test('says so when the store cannot take a nonce back', async () => {
    const failing: Lanes = { ...lanes, giveBack: () => Promise.reject(new StoreUnavailable('away')) }
    const lane = queue(0, failing)
    await take(lane, 1)
    expect(await lane.giveBack(0)).toBe(false)
  })
})
