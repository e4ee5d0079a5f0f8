import { describe, expect, test } from 'vitest'
import type { FencingToken } from '../../../src/domain/ids.ts'
import type { Under } from './index.ts'
import { bring, isDue, LEASE, MOMENT, newClaim, past, settlement, signedAnew } from './life.ts'

/** What an older payment of unknown outcome means for a new one by the same payer for the same request. */
export function earlier(under: Under): void {
  describe('an earlier payment', () => {
    test('whose outcome is unknown stands in the way, and is asked about at once', async () => {
      const store = under()
      const first = newClaim()
      await bring(store, first, 'unknown', { lookIn: 600_000 })
      expect(await isDue(store, first.key)).toBe(false)
      const second = signedAnew(first)
      expect(await store.claim(second, LEASE)).toEqual({ outcome: 'earlier-unknown', key: first.key, retryAfter: 2 })
      expect(await store.read(second.key)).toBeUndefined()
      expect(await isDue(store, first.key)).toBe(true)
    })

    test('that was being settled when its owner died stands in the way', async () => {
      const store = under()
      const first = newClaim()
      await bring(store, first, 'settling', { lease: MOMENT })
      await past()
      expect(await store.claim(signedAnew(first), LEASE)).toMatchObject({ outcome: 'earlier-unknown', key: first.key })
    })

    test.each(['claimed', 'settling', 'settled', 'delivering'] as const)(
      'that is %s and being worked on is another purchase',
      async (state) => {
        const store = under()
        const first = newClaim()
        await bring(store, first, state)
        expect(await store.claim(signedAnew(first), LEASE)).toMatchObject({ outcome: 'claimed' })
      },
    )

    test.each(['settling', 'unknown', 'settled', 'delivering', 'credited'] as const)(
      'that was left %s stands in the way while the chain is asked about it',
      async (state) => {
        const store = under()
        const first = newClaim()
        await bring(store, first, state, { lease: MOMENT })
        await past()
        expect(await store.takeOver(first.key, LEASE)).toBeDefined()
        expect(await store.claim(signedAnew(first), LEASE)).toMatchObject({
          outcome: 'earlier-unknown',
          key: first.key,
        })
        expect(await store.claim(first, LEASE)).toMatchObject({ outcome: 'in-flight' })
      },
    )

    test('stands in the way while its own payer asks again, and no more once it is being served', async () => {
      const store = under()
      const first = newClaim()
      await bring(store, first, 'unknown')
      const again = await store.claim(first, LEASE)
      expect(await store.claim(signedAnew(first), LEASE)).toMatchObject({ outcome: 'earlier-unknown' })
      const { token } = again as { token: FencingToken }
      await store.move(first.key, token, { to: 'settled', learnt: { settlement } })
      expect(await store.claim(signedAnew(first), LEASE)).toMatchObject({ outcome: 'claimed' })
    })

    test('is a credit again when whoever asked about it died', async () => {
      const store = under()
      const first = newClaim()
      await bring(store, first, 'credited')
      await store.takeOver(first.key, MOMENT)
      await past()
      expect(await store.claim(signedAnew(first), LEASE)).toMatchObject({ outcome: 'owed', key: first.key })
      expect(await store.claim(signedAnew(first), LEASE)).toMatchObject({ outcome: 'claimed' })
    })

    test('that was mined and moved nothing is no obstacle', async () => {
      const store = under()
      const first = newClaim()
      const token = await bring(store, first, 'settling')
      await store.move(first.key, token, { to: 'unknown', learnt: { reverted: true } })
      expect(await store.claim(signedAnew(first), LEASE)).toMatchObject({ outcome: 'claimed' })
      await store.takeOver(first.key, LEASE)
      expect(await store.claim(signedAnew(first), LEASE)).toMatchObject({ outcome: 'claimed' })
    })

    test('that was spent after all, though it had reverted, is a credit', async () => {
      const store = under()
      const first = newClaim()
      const token = await bring(store, first, 'settling')
      await store.move(first.key, token, { to: 'unknown', learnt: { reverted: true } })
      const taken = await store.takeOver(first.key, LEASE)
      await store.move(first.key, taken?.token as FencingToken, { to: 'credited', learnt: { settlement } })
      expect(await store.claim(signedAnew(first), LEASE)).toMatchObject({ outcome: 'owed', key: first.key })
    })

    test.each(['delivered', 'void', 'refunding', 'refunded'] as const)(
      'that is %s is no obstacle, and no credit',
      async (state) => {
        const store = under()
        const first = newClaim()
        await bring(store, first, state)
        expect(await store.claim(signedAnew(first), LEASE)).toMatchObject({ outcome: 'claimed' })
      },
    )

    test('of another payer, or for another request, is no obstacle', async () => {
      const store = under()
      const first = newClaim()
      await bring(store, first, 'unknown')
      const { payer } = first.terms
      expect(await store.claim(newClaim({ payer, request: 'another' }), LEASE)).toMatchObject({ outcome: 'claimed' })
      expect(await store.claim(newClaim(), LEASE)).toMatchObject({ outcome: 'claimed' })
    })
  })
}
