import { describe, expect, test } from 'vitest'
import { type FencingToken, milliseconds } from '../../../src/domain/ids.ts'
import { NEXT_STATES, type PaymentState, RESTING_STATES } from '../../../src/domain/record.ts'
import type { Under } from './index.ts'
import { attempt, bring, entriesOf, LEASE, newClaim, settlement, tokenOf } from './life.ts'

const STATES = Object.keys(NEXT_STATES) as PaymentState[]
const CLOSED: readonly PaymentState[] = ['refunded', 'void']

/** Where a payment can go, and what is learnt on the way. */
export function moves(under: Under): void {
  describe('moves', () => {
    for (const from of STATES.filter((state) => !CLOSED.includes(state)))
      for (const to of STATES)
        test(`${from} to ${to} is ${NEXT_STATES[from].includes(to) ? 'done' : 'refused'}`, async () => {
          const store = under()
          const claim = newClaim()
          let token = await bring(store, claim, from)
          if (RESTING_STATES.includes(from)) token = (await store.takeOver(claim.key, LEASE))?.token as FencingToken
          const before = await store.read(claim.key)
          const allowed = NEXT_STATES[from].includes(to)
          expect(await store.move(claim.key, token, { to })).toBe(allowed)
          expect(await store.read(claim.key)).toEqual({ ...before, state: allowed ? to : from })
        })

    test.each(CLOSED)('a %s payment is never moved again', async (state) => {
      const store = under()
      const claim = newClaim()
      const token = await bring(store, claim, state)
      expect(await store.takeOver(claim.key, LEASE)).toBeUndefined()
      for (const to of STATES) expect(await store.move(claim.key, token, { to })).toBe(false)
      expect(await store.read(claim.key)).toMatchObject({ state })
    })

    test('a move of an unknown key, or by a made-up token, is refused', async () => {
      const store = under()
      const claim = newClaim()
      const token = 'made up' as FencingToken
      expect(await store.move(claim.key, token, { to: 'settling' })).toBe(false)
      await store.claim(claim, LEASE)
      expect(await store.move(claim.key, token, { to: 'settling' })).toBe(false)
      expect(await store.read(claim.key)).toMatchObject({ state: 'claimed' })
      expect(await entriesOf(store, [claim.key])).toEqual([])
    })

    test('what a move has learnt is read back as it was, and kept by the next', async () => {
      const store = under()
      const claim = newClaim()
      const token = tokenOf(await store.claim(claim, LEASE))
      const move = store.move.bind(store, claim.key, token)
      await move({ to: 'settling', learnt: { attempt, reverted: true } })
      await move({ to: 'settled', learnt: { settlement, tries: 0, reverted: false } })
      expect(await store.read(claim.key)).toMatchObject({ settlement, tries: 0, reverted: false })
      await move({ to: 'delivering', learnt: { tries: 2 } })
      await move({ to: 'delivered', learnt: { served: true }, lookIn: milliseconds(60_000) })
      const { key: _, ...rest } = claim
      const whole = { state: 'delivered', ...rest, attempt, settlement, tries: 2, reverted: false, served: true }
      expect(await store.read(claim.key)).toEqual(whole)
    })

    test('a refund is read back as it was', async () => {
      const store = under()
      const claim = newClaim()
      await bring(store, claim, 'credited')
      const { token } = (await store.takeOver(claim.key, LEASE)) as { token: FencingToken }
      await store.move(claim.key, token, { to: 'refunding', learnt: { refund: { attempt } } })
      expect((await store.read(claim.key))?.refund).toEqual({ attempt })
      const refund = { attempt, settlement: { ...settlement, payer: '0xpayee', payTo: '0xpayer' } }
      await store.move(claim.key, token, { to: 'refunded', learnt: { refund } })
      expect(await store.read(claim.key)).toMatchObject({ state: 'refunded', settlement, refund })
    })

    test('a lease that is held while a payment is moved stays its owner’s', async () => {
      const store = under()
      const claim = newClaim()
      const token = await bring(store, claim, 'delivering')
      expect(await store.claim(claim, LEASE)).toMatchObject({ outcome: 'in-flight' })
      expect(await store.renew(claim.key, token, LEASE)).toBe(true)
      expect(await store.move(claim.key, token, { to: 'credited' })).toBe(true)
      expect(await store.claim(claim, LEASE)).toMatchObject({ outcome: 'owed', tries: 1 })
    })

    test('of two owners’ racing moves to the end exactly one is done', async () => {
      const store = under()
      const claim = newClaim()
      const token = await bring(store, claim, 'delivering')
      const results = await Promise.all([
        store.move(claim.key, token, { to: 'delivered' }),
        store.move(claim.key, token, { to: 'credited' }),
      ])
      expect(results.filter(Boolean)).toHaveLength(1)
    })
  })
}
