import { describe, expect, test } from 'vitest'
import { atomicUnits, milliseconds } from '../../../src/domain/ids.ts'
import type { NewClaim, PaymentState } from '../../../src/domain/record.ts'
import type { Under } from './index.ts'
import { bring, inSeconds, LEASE, MOMENT, newClaim, settlement, signedAnew } from './life.ts'

/** Credits that the operator grants. */
export function grants(under: Under): void {
  describe('grants', () => {
    const grantOf = (claim: NewClaim) => ({
      key: claim.key,
      terms: claim.terms,
      settlement: { ...settlement, amount: atomicUnits(0n) },
      forgetAfter: inSeconds(600),
    })

    test('a granted credit is redeemed by a new payment, and is final', async () => {
      const store = under()
      const claim = newClaim()
      const granted = grantOf(claim)
      expect(await store.grant(granted)).toBe(true)
      const { key: _, ...rest } = granted
      expect(await store.read(claim.key)).toEqual({ state: 'credited', final: true, ...rest })
      expect(await store.claim(signedAnew(claim), LEASE)).toMatchObject({ outcome: 'owed', key: claim.key, tries: 0 })
    })

    test('a grant gives an exhausted credit new tries, and leaves the rest of it', async () => {
      const store = under()
      const claim = newClaim()
      await bring(store, claim, 'credited', { tries: 3 })
      const before = await store.read(claim.key)
      expect(await store.claim(signedAnew(claim, { forgetAfter: inSeconds(1) }), MOMENT)).toMatchObject({
        outcome: 'claimed',
      })
      expect(await store.grant(grantOf(claim))).toBe(true)
      expect(await store.read(claim.key)).toEqual({ ...before, tries: 0 })
      expect(await store.claim(signedAnew(claim), LEASE)).toMatchObject({ outcome: 'owed', key: claim.key, tries: 0 })
    })

    const others: readonly PaymentState[] = [
      'claimed',
      'settling',
      'unknown',
      'settled',
      'delivered',
      'refunded',
      'void',
    ]
    test.each(others)('nothing is granted on a %s payment', async (state) => {
      const store = under()
      const claim = newClaim()
      await bring(store, claim, state, { lookIn: milliseconds(60_000) })
      const before = await store.read(claim.key)
      expect(await store.grant(grantOf(claim))).toBe(false)
      expect(await store.read(claim.key)).toEqual(before)
    })

    test('nothing is granted on a credit that is being redeemed', async () => {
      const store = under()
      const credit = newClaim()
      await bring(store, credit, 'credited')
      await store.claim(signedAnew(credit), LEASE)
      expect(await store.grant(grantOf(credit))).toBe(false)
    })
  })
}
