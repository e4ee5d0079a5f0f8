import { describe, expect, test } from 'vitest'
import type { FencingToken } from '../../../src/domain/ids.ts'
import type { NewClaim } from '../../../src/domain/record.ts'
import type { Under } from './index.ts'
import { bring, LEASE, MOMENT, newClaim, past, response, settlement, signedAnew, tokenOf } from './life.ts'

/** A settled payment's service: owed until it was delivered, to the payment itself and to a new one. */
export function credits(under: Under): void {
  /** An open credit and a new payment that redeems it. */
  const redeemed = async (credit: NewClaim = newClaim(), lease = LEASE) => {
    const store = under()
    await bring(store, credit, 'credited')
    const second = signedAnew(credit)
    const result = await store.claim(second, lease)
    return { store, credit, second, result, token: tokenOf(result) }
  }

  describe('credits', () => {
    test('a credit is owed to the same payment three tries in all, then exhausted', async () => {
      const store = under()
      const claim = newClaim()
      let token = await bring(store, claim, 'settled')
      for (const tries of [1, 2, 3]) {
        await store.move(claim.key, token, { to: 'delivering', learnt: { tries } })
        await store.move(claim.key, token, { to: 'credited' })
        const again = await store.claim(claim, LEASE)
        if (tries === 3) expect(again).toEqual({ outcome: 'exhausted', settlement })
        else {
          token = tokenOf(again)
          expect(again).toEqual({ outcome: 'owed', token, key: claim.key, settlement, tries, kept: undefined })
        }
      }
    })

    test.each(['settled', 'delivering', 'credited'] as const)('what was left %s is owed', async (state) => {
      const store = under()
      const claim = newClaim()
      await bring(store, claim, state, { lease: MOMENT })
      await past()
      expect(await store.claim(claim, LEASE)).toMatchObject({ outcome: 'owed', key: claim.key, settlement })
      expect(await store.claim(claim, LEASE)).toMatchObject({ outcome: 'in-flight' })
    })

    test('a new payment by the same payer for the same request is served from the credit', async () => {
      const { store, credit, second, result, token } = await redeemed()
      expect(result).toEqual({ outcome: 'owed', token, key: credit.key, settlement, tries: 1, kept: undefined })
      expect(await store.read(second.key)).toMatchObject({ state: 'claimed', against: credit.key, terms: second.terms })
    })

    test('it is closed with the credit, and moved no money of its own', async () => {
      const { store, credit, second, token } = await redeemed()
      await store.move(credit.key, token, { to: 'delivering', learnt: { tries: 2 }, closes: second.key })
      await store.move(credit.key, token, { to: 'delivered', closes: second.key, learnt: { served: true } })
      expect(await store.read(credit.key)).toMatchObject({ state: 'delivered', tries: 2 })
      expect(await store.read(second.key)).toMatchObject({ state: 'delivered', against: credit.key, settlement })
      expect(await store.claim(second, LEASE)).toEqual({ outcome: 'spent', settlement })
      expect(await store.claim(credit, LEASE)).toEqual({ outcome: 'spent', settlement })
      expect(await store.takeOver(second.key, LEASE)).toBeUndefined()
      expect(await store.claim(signedAnew(credit), LEASE)).toMatchObject({ outcome: 'claimed' })
    })

    test('it is free again when the delivery fails, and the credit open', async () => {
      const { store, credit, second, token } = await redeemed()
      await store.move(credit.key, token, { to: 'delivering', learnt: { tries: 2 }, closes: second.key })
      await store.move(credit.key, token, { to: 'credited', closes: second.key })
      expect(await store.read(second.key)).toBeUndefined()
      expect(await store.claim(second, LEASE)).toMatchObject({ outcome: 'owed', key: credit.key, tries: 2 })
    })

    test('a new payment is in flight while it redeems, however often the lease was renewed', async () => {
      const { store, credit, second, token } = await redeemed(newClaim(), MOMENT)
      expect(await store.renew(credit.key, token, LEASE)).toBe(true)
      await past()
      expect(await store.claim(second, LEASE)).toMatchObject({ outcome: 'in-flight' })
      expect(await store.claim(credit, LEASE)).toMatchObject({ outcome: 'in-flight' })
    })

    test('a payment whose redeeming broke off redeems again, and its former owner closes nothing', async () => {
      const { store, credit, second, token } = await redeemed(newClaim(), MOMENT)
      await past()
      expect(await store.claim(second, LEASE)).toMatchObject({ outcome: 'owed', key: credit.key })
      expect(await store.move(credit.key, token, { to: 'delivering', closes: second.key })).toBe(false)
      expect(await store.read(second.key)).toMatchObject({ state: 'claimed' })
    })

    test('a credit closes the payment that redeems it, and no other', async () => {
      const { store, credit, token } = await redeemed()
      const others = [newClaim(), newClaim()] as const
      await store.claim(others[0], LEASE)
      await bring(store, others[1], 'settled')
      const before = await Promise.all(others.map(({ key }) => store.read(key)))
      await store.move(credit.key, token, { to: 'delivering', closes: others[0].key })
      await store.move(credit.key, token, { to: 'credited', closes: others[0].key })
      const again = tokenOf(await store.claim(credit, LEASE))
      await store.move(credit.key, again, { to: 'delivering', closes: others[0].key })
      await store.move(credit.key, again, { to: 'delivered', closes: others[1].key })
      expect(await Promise.all(others.map(({ key }) => store.read(key)))).toEqual(before)
    })

    test('a credit that is being redeemed is passed over: who pays once more buys once more', async () => {
      const { store, credit } = await redeemed()
      expect(await store.claim(signedAnew(credit), LEASE)).toMatchObject({ outcome: 'claimed' })
    })

    test('of 20 new payments at once one redeems the credit', async () => {
      const store = under()
      const credit = newClaim()
      await bring(store, credit, 'credited')
      const results = await Promise.all(Array.from({ length: 20 }, () => store.claim(signedAnew(credit), LEASE)))
      expect(results.filter(({ outcome }) => outcome === 'owed')).toHaveLength(1)
      expect(results.filter(({ outcome }) => outcome === 'claimed')).toHaveLength(19)
    })

    test.each(['delivering', 'credited'] as const)(
      'what is %s after its last try is passed over: a new payment is charged',
      async (state) => {
        const store = under()
        const credit = newClaim()
        await bring(store, credit, state, { tries: 3, lease: MOMENT })
        await past()
        expect(await store.claim(signedAnew(credit), LEASE)).toMatchObject({ outcome: 'claimed' })
      },
    )

    test('neither another payer nor another request finds the credit', async () => {
      const { store, credit } = await redeemed()
      await past()
      const { payer } = credit.terms
      expect(await store.claim(newClaim({ payer, request: 'another' }), LEASE)).toMatchObject({ outcome: 'claimed' })
      expect(await store.claim(newClaim(), LEASE)).toMatchObject({ outcome: 'claimed' })
    })

    test('several credits are redeemed in the order in which they were owed', async () => {
      const store = under()
      const first = newClaim()
      const second = signedAnew(first)
      const tokens = [await bring(store, first, 'settling'), await bring(store, second, 'settling')] as const
      await store.move(second.key, tokens[1], { to: 'credited', learnt: { settlement } })
      await store.move(first.key, tokens[0], { to: 'credited', learnt: { settlement } })
      expect(await store.claim(signedAnew(first), LEASE)).toMatchObject({ outcome: 'owed', key: first.key })
      expect(await store.claim(signedAnew(first), LEASE)).toMatchObject({ outcome: 'owed', key: second.key })
    })

    test('a credit is redeemed with the response that was kept for it', async () => {
      const store = under()
      const credit = newClaim()
      const token = await bring(store, credit, 'delivering')
      await store.move(credit.key, token, { to: 'credited', keep: response })
      const result = await store.claim(signedAnew(credit), LEASE)
      expect('kept' in result && result.kept && { ...result.kept, body: Uint8Array.from(result.kept.body) }).toEqual(
        response,
      )
    })

    test('what an operator may refund is listed, tries spent or not, until he does', async () => {
      const store = under()
      const claim = newClaim()
      const listed = async () => (await store.credits()).find(({ key }) => key === claim.key)
      const token = await bring(store, claim, 'delivering', { tries: 3 })
      expect(await listed()).toBeUndefined()
      await store.move(claim.key, token, { to: 'credited' })
      expect(await listed()).toEqual({ ...(await store.read(claim.key)), key: claim.key })
      const taken = await store.takeOver(claim.key, LEASE)
      await store.move(claim.key, taken?.token as FencingToken, { to: 'refunding' })
      expect(await listed()).toMatchObject({ state: 'refunding' })
      await store.move(claim.key, taken?.token as FencingToken, { to: 'credited' })
      expect(await listed()).toMatchObject({ state: 'credited' })
      const again = await store.takeOver(claim.key, LEASE)
      await store.move(claim.key, again?.token as FencingToken, { to: 'refunding' })
      await store.move(claim.key, again?.token as FencingToken, { to: 'refunded' })
      expect(await listed()).toBeUndefined()
    })
  })
}
