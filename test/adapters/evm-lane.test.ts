import { describe, expect, test } from 'vitest'
import { LaneFull, openLane } from '../../src/adapters/evm/lane.ts'

const laneFrom = (...answers: number[]) => openLane(async () => answers.shift() ?? Number.NaN)
const take = (lane: ReturnType<typeof openLane>, count: number) =>
  Promise.all(Array.from({ length: count }, () => lane.take()))

describe('a lane of nonces', () => {
  test('hands them out in order, and asks the node once', async () =>
    expect(await take(laneFrom(7), 5)).toEqual([7, 8, 9, 10, 11]))

  test('lets sixteen be in flight, and the next when one is done', async () => {
    const lane = laneFrom(0)
    await take(lane, 16)
    let next: number | undefined
    const waiting = lane.take().then((nonce) => {
      next = nonce
    })
    await new Promise(setImmediate)
    expect(next).toBeUndefined()
    lane.done(3)
    await waiting
    expect(next).toBe(16)
  })

  test('lets only so many wait', async () => {
    const lane = laneFrom(0)
    await take(lane, 16)
    for (let waiting = 0; waiting < 1_000; waiting++) void lane.take()
    await expect(lane.take()).rejects.toThrow(LaneFull)
  })

  test('hands the newest out again when it was not used, and says when a nonce has become a gap', async () => {
    const lane = laneFrom(0)
    await take(lane, 3)
    expect(lane.giveBack(2)).toBe(true)
    expect(await lane.take()).toBe(2)
    expect(lane.giveBack(1)).toBe(false)
    expect(await lane.take()).toBe(3)
  })

  test('after a resync never hands out what is in flight', async () => {
    const lane = laneFrom(5, 5)
    expect(await take(lane, 3)).toEqual([5, 6, 7])
    lane.done(5)
    lane.resync()
    expect(await lane.take()).toBe(8)
  })

  test('gives the place back when the node does not answer', async () => {
    let away = true
    const lane = openLane(async () => {
      if (away) throw new Error('away')
      return 4
    })
    const failed = await Promise.allSettled(Array.from({ length: 40 }, () => lane.take()))
    expect(failed.every(({ status }) => status === 'rejected')).toBe(true)
    away = false
    expect(await take(lane, 16)).toHaveLength(16)
  })
})
