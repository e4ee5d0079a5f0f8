import { describe, expect, test } from 'vitest'
import type { FencingToken, Fingerprint } from '../../../src/domain/ids.ts'
import type { PaymentState } from '../../../src/domain/record.ts'
import type { Under } from './index.ts'
import { attempt, bring, LEASE, MOMENT, newClaim, past, settlement, tokenOf } from './life.ts'

/** Who gets the right to work on a payment, and who loses it. */
export function claims(under: Under): void {
  describe('claims', () => {
    test('of 100 concurrent claims of one key exactly one is granted', async () => {
      const store = under()
      const claim = newClaim()
      const results = await Promise.all(Array.from({ length: 100 }, () => store.claim(claim, LEASE)))
      expect(results.filter(({ outcome }) => outcome === 'claimed')).toHaveLength(1)
      expect(results.filter(({ outcome }) => outcome === 'in-flight')).toHaveLength(99)
    })

    test('a claim in flight says how long to wait', async () => {
      const store = under()
      const claim = newClaim()
      await store.claim(claim, LEASE)
      const second = await store.claim(claim, LEASE)
      expect(second).toMatchObject({ outcome: 'in-flight' })
      expect('retryAfter' in second && second.retryAfter).toBeGreaterThanOrEqual(1)
      expect('retryAfter' in second && second.retryAfter).toBeLessThanOrEqual(LEASE / 1_000)
    })

    test('an unknown key reads as undefined and a claimed one as its record, to the atomic unit', async () => {
      const store = under()
      const claim = newClaim()
      expect(await store.read(claim.key)).toBeUndefined()
      await store.claim(claim, LEASE)
      const { key: _, ...rest } = claim
      expect(await store.read(claim.key)).toEqual({ state: 'claimed', ...rest })
    })

    test('a released claim leaves nothing behind', async () => {
      const store = under()
      const claim = newClaim()
      const token = tokenOf(await store.claim(claim, LEASE))
      expect(await store.release(claim.key, token)).toBe(true)
      expect(await store.read(claim.key)).toBeUndefined()
      expect(await store.release(claim.key, token)).toBe(false)
      expect(await store.claim(claim, LEASE)).toMatchObject({ outcome: 'claimed' })
    })

    test.each(['settling', 'unknown', 'settled', 'credited', 'delivered', 'void'] as const)(
      'a %s payment cannot be released',
      async (state) => {
        const store = under()
        const claim = newClaim()
        const token = await bring(store, claim, state)
        expect(await store.release(claim.key, token)).toBe(false)
        expect(await store.read(claim.key)).toMatchObject({ state })
      },
    )

    test('an expired lease is taken over, and its former owner can move nothing', async () => {
      const store = under()
      const claim = newClaim()
      const first = tokenOf(await store.claim(claim, MOMENT))
      await past()
      const second = tokenOf(await store.claim(claim, LEASE))
      expect(second).not.toBe(first)
      expect(await store.move(claim.key, first, { to: 'settling', learnt: { attempt } })).toBe(false)
      expect(await store.renew(claim.key, first, LEASE)).toBe(false)
      expect(await store.release(claim.key, first)).toBe(false)
      expect(await store.move(claim.key, second, { to: 'settling', learnt: { attempt } })).toBe(true)
    })

    test('an expired lease that nobody took over is its owner’s still', async () => {
      const store = under()
      const claim = newClaim()
      const token = tokenOf(await store.claim(claim, MOMENT))
      await past()
      expect(await store.renew(claim.key, token, LEASE)).toBe(true)
      expect(await store.claim(claim, LEASE)).toMatchObject({ outcome: 'in-flight' })
    })

    test('of 50 that find an expired lease exactly one takes over', async () => {
      const store = under()
      const claim = newClaim()
      await bring(store, claim, 'settling', { lease: MOMENT })
      await past()
      const results = await Promise.all(Array.from({ length: 50 }, () => store.claim(claim, LEASE)))
      expect(results.filter(({ outcome }) => outcome === 'unresolved')).toHaveLength(1)
      expect(results.filter(({ outcome }) => outcome === 'in-flight')).toHaveLength(49)
    })

    test('what an earlier try wrote down is handed to who takes over, and nothing of the store’s own', async () => {
      const store = under()
      const claim = newClaim()
      await bring(store, claim, 'settling', { lease: MOMENT })
      await past()
      const { key: _, ...rest } = claim
      const result = await store.claim(claim, LEASE)
      expect(result).toEqual({
        outcome: 'unresolved',
        token: tokenOf(result),
        record: { state: 'settling', ...rest, attempt },
      })
      expect(await store.read(claim.key)).toEqual({ state: 'settling', ...rest, attempt })
    })

    test('an unknown outcome gives its lease up at once', async () => {
      const store = under()
      const claim = newClaim()
      const token = await bring(store, claim, 'unknown')
      expect(await store.move(claim.key, token, { to: 'settled', learnt: { settlement } })).toBe(false)
      expect(await store.renew(claim.key, token, LEASE)).toBe(false)
      expect(await store.claim(claim, LEASE)).toMatchObject({ outcome: 'unresolved' })
    })

    test.each([
      ['delivered', { outcome: 'spent', settlement }],
      ['void', { outcome: 'void' }],
      ['refunding', { outcome: 'in-flight', retryAfter: 2 }],
      ['refunded', { outcome: 'refunded', settlement }],
    ] as const)('a %s payment says so, and grants nothing', async (state, answer) => {
      const store = under()
      const claim = newClaim()
      await bring(store, claim, state)
      expect(await store.claim(claim, LEASE)).toEqual(answer)
    })

    const states: readonly PaymentState[] = ['claimed', 'settling', 'unknown', 'credited', 'delivered', 'void']
    test.each(states)('a %s payment is refused to another request, and to other signed terms', async (state) => {
      const store = under()
      const claim = newClaim()
      await bring(store, claim, state)
      const { terms } = claim
      for (const other of [
        { ...terms, request: 'another' as Fingerprint },
        { ...terms, signed: 'another' },
      ])
        expect(await store.claim({ ...claim, terms: other }, LEASE)).toEqual({ outcome: 'other-request' })
      expect(await store.read(claim.key)).toMatchObject({ state, terms })
    })

    test('a claim says how many payments its payer has unsettled, those included that are only claimed as yet', async () => {
      const store = under()
      const { payer } = newClaim().terms
      const unsettled = async (request: string) => {
        const result = await store.claim(newClaim({ payer, request }), LEASE)
        return 'unsettled' in result && result.unsettled
      }
      expect(await unsettled('a')).toBe(0)
      const unknown = newClaim({ payer, request: 'b' })
      await bring(store, unknown, 'unknown')
      await bring(store, newClaim({ payer, request: 'c' }), 'settling')
      await bring(store, newClaim({ payer, request: 'd' }), 'settled')
      expect(await unsettled('e')).toBe(3)
      const taken = await store.takeOver(unknown.key, LEASE)
      await store.move(unknown.key, taken?.token as FencingToken, { to: 'void' })
      expect(await unsettled('f')).toBe(3)
    })

    test('it answers a ping, and its epoch stays', async () => {
      const store = under()
      const epoch = store.epoch()
      await expect(store.ping()).resolves.toBeUndefined()
      expect(store.epoch()).toBe(epoch)
    })
  })
}
