import { describe, expect, test } from 'vitest'
import { type FencingToken, milliseconds } from '../../../src/domain/ids.ts'
import type { PaymentState } from '../../../src/domain/record.ts'
import type { Under } from './index.ts'
import { attempt, bring, isDue, LEASE, MOMENT, newClaim, past, settlement, tokenOf } from './life.ts'

const NOW = milliseconds(0)

/** When the reconciler looks at a payment. */
export function due(under: Under): void {
  describe('due', () => {
    test.each(['settling', 'settled', 'delivering', 'refunding'] as const)(
      'what is %s is due when its lease ends, and not before',
      async (state) => {
        const store = under()
        const left = newClaim()
        await bring(store, left, state, { lease: MOMENT })
        const held = newClaim()
        await bring(store, held, state)
        await past()
        expect(await isDue(store, left.key)).toBe(true)
        expect(await isDue(store, held.key)).toBe(false)
      },
    )

    test('a claim of which nothing was sent is never due', async () => {
      const store = under()
      const claim = newClaim()
      await store.claim(claim, MOMENT)
      await past()
      expect(await isDue(store, claim.key)).toBe(false)
      expect(await store.takeOver(claim.key, LEASE)).toBeUndefined()
      expect(await store.read(claim.key)).toMatchObject({ state: 'claimed' })
    })

    const resting: readonly PaymentState[] = ['unknown', 'credited', 'delivered']
    test.each(resting)('what rests %s is due when it was said to be, and otherwise never', async (state) => {
      const store = under()
      const [never, at, later] = [newClaim(), newClaim(), newClaim()]
      await bring(store, never, state)
      await bring(store, at, state, { lookIn: 0 })
      await bring(store, later, state, { lookIn: 600_000 })
      await past()
      expect(await isDue(store, never.key)).toBe(false)
      expect(await isDue(store, at.key)).toBe(true)
      expect(await isDue(store, later.key)).toBe(false)
    })

    test.each(['void', 'refunded'] as const)('what is %s is never due', async (state) => {
      const store = under()
      const claim = newClaim()
      await bring(store, claim, state, { lookIn: 0 })
      await past()
      expect(await isDue(store, claim.key)).toBe(false)
    })

    test('of those that are due no more are given than asked for, the longest due first', async () => {
      const store = under()
      const claims = [newClaim(), newClaim(), newClaim()]
      for (const claim of claims) {
        await bring(store, claim, 'unknown', { lookIn: 0 })
        await past()
      }
      const keys = claims.map(({ key }) => key)
      expect((await store.due(100_000)).filter((key) => keys.includes(key))).toEqual(keys)
      expect(await store.due(2)).toHaveLength(2)
    })

    test('asking takes nothing off: it is due until somebody takes it over', async () => {
      const store = under()
      const claim = newClaim()
      await bring(store, claim, 'unknown', { lookIn: 0 })
      expect(await isDue(store, claim.key)).toBe(true)
      expect(await isDue(store, claim.key)).toBe(true)
      const taken = await store.takeOver(claim.key, LEASE)
      expect(taken).toEqual({ token: expect.any(String), record: await store.read(claim.key) })
      expect(await isDue(store, claim.key)).toBe(false)
    })

    test('of 20 that take it over one does', async () => {
      const store = under()
      const claim = newClaim()
      await bring(store, claim, 'unknown')
      const taken = await Promise.all(Array.from({ length: 20 }, () => store.takeOver(claim.key, LEASE)))
      expect(taken.filter((one) => one !== undefined)).toHaveLength(1)
    })

    test('it is due again when whoever took it over died', async () => {
      const store = under()
      const claim = newClaim()
      await bring(store, claim, 'unknown')
      const first = await store.takeOver(claim.key, MOMENT)
      await past()
      expect(await isDue(store, claim.key)).toBe(true)
      const second = await store.takeOver(claim.key, LEASE)
      expect(await store.move(claim.key, first?.token as FencingToken, { to: 'void' })).toBe(false)
      expect(await store.move(claim.key, second?.token as FencingToken, { to: 'void' })).toBe(true)
    })

    test('what somebody works on is not taken over, and due again when that lease ends', async () => {
      const store = under()
      const claim = newClaim()
      const token = tokenOf(await store.claim(claim, MOMENT))
      await store.move(claim.key, token, { to: 'settling', learnt: { attempt } })
      await past()
      await store.renew(claim.key, token, LEASE)
      expect(await isDue(store, claim.key)).toBe(true)
      expect(await store.takeOver(claim.key, LEASE)).toBeUndefined()
      expect(await isDue(store, claim.key)).toBe(false)
      await store.renew(claim.key, token, milliseconds(2_000))
      expect(await store.takeOver(claim.key, LEASE)).toBeUndefined()
      await expect.poll(() => isDue(store, claim.key), { timeout: 10_000 }).toBe(true)
      expect(await store.takeOver(claim.key, LEASE)).toBeDefined()
    })

    test('a key that the store does not know is not taken over', async () => {
      expect(await under().takeOver(newClaim().key, LEASE)).toBeUndefined()
    })

    test('a settlement that is final is not looked at again', async () => {
      const store = under()
      const claim = newClaim()
      await bring(store, claim, 'delivered', { lookIn: 0 })
      const taken = await store.takeOver(claim.key, LEASE)
      const { token } = taken as { token: FencingToken }
      expect(await store.move(claim.key, token, { to: 'delivered', learnt: { final: true }, lookIn: NOW })).toBe(true)
      await past()
      expect(await isDue(store, claim.key)).toBe(false)
      expect(await store.takeOver(claim.key, LEASE)).toBeUndefined()
      expect(await store.claim(claim, LEASE)).toEqual({ outcome: 'spent', settlement })
    })

    test('a credit whose settlement is final stays a credit', async () => {
      const store = under()
      const claim = newClaim()
      await bring(store, claim, 'credited', { lookIn: 0 })
      const taken = await store.takeOver(claim.key, LEASE)
      await store.move(claim.key, taken?.token as FencingToken, { to: 'credited', learnt: { final: true } })
      expect(await isDue(store, claim.key)).toBe(false)
      expect(await store.claim(claim, LEASE)).toMatchObject({ outcome: 'owed' })
    })
  })
}
