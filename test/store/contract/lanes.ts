import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { MAX_IN_FLIGHT } from '../../../src/ports/lanes.ts'
import type { Under } from './index.ts'
import { newClaim } from './life.ts'

const payment = newClaim().key

/** The nonces of a relayer, for all that share it. */
export function lanes(under: Under): void {
  const open = () => {
    const { lanes } = under()
    const id = `eip155:84532:0x${randomUUID()}`
    return {
      id,
      lanes,
      take: (floor = 0) => lanes.take(id, floor, payment),
      write: (nonce: number, raw: string, over?: string) => lanes.write(id, nonce, raw, over),
      giveBack: (nonce: number) => lanes.giveBack(id, nonce),
      mined: (count: number) => lanes.mined(id, count),
      nonces: async (count: number) => (await lanes.flights(id, count)).map(({ nonce }) => nonce),
      flights: (count: number) => lanes.flights(id, count),
    }
  }
  const takeMany = async (lane: ReturnType<typeof open>, many: number, floor = 0) => {
    const taken: (number | undefined)[] = []
    for (let i = 0; i < many; i++) taken.push(await lane.take(floor))
    return taken
  }

  describe('lanes', () => {
    test('nonces are handed out one after the other, from the count on chain', async () => {
      const lane = open()
      expect(await takeMany(lane, 3, 7)).toEqual([7, 8, 9])
      expect(await lane.take(8)).toBe(10)
    })

    test('no more than 16 are out at once, and a place is free when one was mined', async () => {
      const lane = open()
      expect(await takeMany(lane, MAX_IN_FLIGHT)).toEqual(Array.from({ length: MAX_IN_FLIGHT }, (_, i) => i))
      expect(await lane.take()).toBeUndefined()
      await lane.mined(1)
      expect(await lane.take()).toBe(MAX_IN_FLIGHT)
      expect(await lane.take()).toBeUndefined()
      expect(await lane.take(4)).toBe(MAX_IN_FLIGHT + 1)
    })

    test('of 200 takes at once each has its own, without gaps', async () => {
      const lane = open()
      const got: number[] = []
      const taker = async () => {
        for (;;) {
          const nonce = await lane.take()
          if (nonce !== undefined) return void got.push(nonce)
          await lane.mined(Math.max(0, ...got) + 1)
        }
      }
      await Promise.all(Array.from({ length: 200 }, taker))
      expect(got.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i))
    })

    test('a floor lifts the lane, and never lowers it', async () => {
      const lane = open()
      await takeMany(lane, 2, 5)
      expect(await lane.take(20)).toBe(20)
      expect(await lane.take(3)).toBe(21)
      expect(await lane.nonces(20)).toEqual([20, 21])
    })

    test('what is out tells for which payment, since when, and what was signed', async () => {
      const lane = open()
      const began = Date.now()
      await lane.take(3)
      const [taken] = await lane.flights(3)
      expect(taken).toEqual({ nonce: 3, payment, raw: undefined, since: expect.any(Number) })
      expect(Math.abs((taken?.since ?? 0) - began)).toBeLessThan(5_000)
      expect(await lane.write(3, '0xraw')).toBe(true)
      const [written] = await lane.flights(3)
      expect(written).toMatchObject({ nonce: 3, payment, raw: '0xraw' })
      expect(written?.since).toBeGreaterThanOrEqual(taken?.since ?? Number.POSITIVE_INFINITY)
    })

    test('a filler has no payment', async () => {
      const lane = open()
      await lane.lanes.take(lane.id, 0, undefined)
      expect(await lane.flights(0)).toMatchObject([{ nonce: 0, payment: undefined, raw: undefined }])
    })

    test('bytes are replaced only by who names them: a filler never takes a payment’s place', async () => {
      const lane = open()
      await lane.take()
      expect(await lane.write(0, '0xraw')).toBe(true)
      expect(await lane.write(0, '0xfiller')).toBe(false)
      expect(await lane.write(0, '0xfaster', '0xother')).toBe(false)
      expect(await lane.write(0, '0xfaster', '0xraw')).toBe(true)
      expect(await lane.write(0, '0xagain', '0xraw')).toBe(false)
      expect(await lane.flights(0)).toMatchObject([{ nonce: 0, payment, raw: '0xfaster' }])
    })

    test('of 20 that replace the same bytes at once one does', async () => {
      const lane = open()
      await lane.take()
      await lane.write(0, '0xraw')
      const results = await Promise.all(Array.from({ length: 20 }, (_, i) => lane.write(0, `0x${i}`, '0xraw')))
      expect(results.filter(Boolean)).toHaveLength(1)
      expect(await lane.flights(0)).toMatchObject([{ raw: `0x${results.indexOf(true)}` }])
    })

    test('nothing is written for a nonce that is used up', async () => {
      const lane = open()
      await lane.take()
      await lane.mined(1)
      expect(await lane.write(0, '0xraw')).toBe(false)
      expect(await lane.nonces(1)).toEqual([])
    })

    test('what is given back at the end is simply free', async () => {
      const lane = open()
      await takeMany(lane, 3)
      await lane.giveBack(2)
      expect(await lane.nonces(0)).toEqual([0, 1])
      expect(await lane.take()).toBe(2)
    })

    test('what is given back below others is a gap: shown as one, and taken first', async () => {
      const lane = open()
      await takeMany(lane, 4)
      await lane.write(1, '0xraw')
      await lane.giveBack(2)
      await lane.giveBack(1)
      expect(await lane.nonces(0)).toEqual([0, 1, 2, 3])
      const gap = { payment: undefined, raw: undefined, since: 0 }
      expect((await lane.flights(0)).slice(1, 3)).toEqual([
        { nonce: 1, ...gap },
        { nonce: 2, ...gap },
      ])
      expect(await takeMany(lane, 3)).toEqual([1, 2, 4])
    })

    test('a gap that is filled is a flight', async () => {
      const lane = open()
      await takeMany(lane, 3)
      await lane.giveBack(1)
      expect(await lane.write(1, '0xfiller')).toBe(true)
      const filled = (await lane.flights(0))[1]
      expect(filled).toMatchObject({ nonce: 1, payment: undefined, raw: '0xfiller' })
      expect(filled?.since).toBeGreaterThan(0)
      expect(await lane.take()).toBe(3)
    })

    test('gaps at the end go with the flight above them', async () => {
      const lane = open()
      await takeMany(lane, 3)
      for (const nonce of [1, 2]) await lane.giveBack(nonce)
      expect(await lane.nonces(0)).toEqual([0])
    })

    test('what was mined is not out any more, and what is given back after that changes nothing', async () => {
      const lane = open()
      await takeMany(lane, 4)
      await lane.mined(3)
      await lane.mined(2)
      await lane.giveBack(1)
      expect(await lane.nonces(3)).toEqual([3])
      expect(await lane.take()).toBe(4)
      await lane.mined(9)
      expect(await lane.take()).toBe(9)
    })

    test('a reorg sets the lane back: what it undid is free, a gap where others are out', async () => {
      const lane = open()
      await takeMany(lane, 4)
      await lane.mined(3)
      expect(await lane.nonces(1)).toEqual([1, 2, 3])
      expect(await lane.flights(1)).toMatchObject([{ since: 0 }, { since: 0 }, { payment }])
      expect(await takeMany(lane, 3, 1)).toEqual([1, 2, 4])
      const other = open()
      await takeMany(other, 2)
      await other.mined(2)
      expect(await other.nonces(0)).toEqual([])
      expect(await other.take()).toBe(0)
    })

    test('lanes know nothing of each other', async () => {
      const [one, two] = [open(), open()]
      await takeMany(one, 3)
      expect(await two.take()).toBe(0)
      expect(await two.nonces(0)).toEqual([0])
    })
  })
}
