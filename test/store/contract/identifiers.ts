import { describe, expect, test } from 'vitest'
import type { FencingToken } from '../../../src/domain/ids.ts'
import type { NewClaim } from '../../../src/domain/record.ts'
import type { Under } from './index.ts'
import { bring, bytesOf, LEASE, MOMENT, newClaim, past, response, settlement, signedAnew, tokenOf } from './life.ts'

const identifier = { id: 'pay_7d5d747be160e280', binding: 'terms and request' }
const named = (more: Parameters<typeof newClaim>[0] = {}) => newClaim({ identifier, ...more })

/** The same call again, by name (x402 extension `payment-identifier`). */
export function identifiers(under: Under): void {
  /** A named call whose response was delivered, and kept. */
  const delivered = async (claim: NewClaim = named(), kept = true) => {
    const store = under()
    const token = await bring(store, claim, 'delivering')
    await store.move(claim.key, token, { to: 'delivered', learnt: { served: true }, ...(kept && { keep: response }) })
    return { store, claim }
  }

  describe('a payment identifier', () => {
    test('gives the stored response again, byte for byte: to the same payment and to a new one', async () => {
      const { store, claim } = await delivered()
      const second = signedAnew(claim, { identifier })
      for (const asked of [claim, second]) {
        const result = await store.claim(asked, LEASE)
        expect(bytesOf(result)).toEqual({ outcome: 'stored', settlement, response })
      }
      expect(await store.read(second.key)).toBeUndefined()
    })

    test('stays byte for byte what it was while other responses come and go', async () => {
      const { store, claim } = await delivered()
      const first = await store.claim(claim, LEASE)
      const body = new Uint8Array(200_000).fill(7)
      const other = named()
      const token = await bring(store, other, 'delivering')
      await store.move(other.key, token, { to: 'delivered', keep: { ...response, body } })
      const second = await store.claim(other, LEASE)
      expect('response' in second && Uint8Array.from(second.response.body)).toEqual(body)
      expect(bytesOf(first)).toMatchObject({ response })
    })

    test('is refused for other terms or another request, in whatever state its call is', async () => {
      const { store, claim } = await delivered()
      const flying = named()
      await store.claim(flying, LEASE)
      for (const first of [claim, flying]) {
        const other = signedAnew(first, { identifier: { ...identifier, binding: 'others' } })
        expect(await store.claim(other, LEASE)).toEqual({ outcome: 'identifier-reused' })
        expect(await store.read(other.key)).toBeUndefined()
      }
    })

    test('belongs to its payer: another one’s of the same name is another', async () => {
      const { store } = await delivered()
      expect(await store.claim(named(), LEASE)).toMatchObject({ outcome: 'claimed' })
    })

    test('whose response was not kept is spent', async () => {
      const { store, claim } = await delivered(named(), false)
      expect(await store.claim(claim, LEASE)).toEqual({ outcome: 'identifier-spent' })
      expect(await store.claim(signedAnew(claim, { identifier }), LEASE)).toEqual({ outcome: 'identifier-spent' })
    })

    test('is in flight while its call is, for every payment that brings it', async () => {
      const store = under()
      const claim = named()
      const second = signedAnew(claim, { identifier })
      await bring(store, claim, 'delivering')
      for (const asked of [claim, second])
        expect(await store.claim(asked, LEASE)).toMatchObject({ outcome: 'in-flight' })
      expect(await store.read(second.key)).toBeUndefined()
    })

    test('of 50 payments that bring it at once, one goes on', async () => {
      const store = under()
      const claim = named()
      const results = await Promise.all(
        Array.from({ length: 50 }, () => store.claim(signedAnew(claim, { identifier }), LEASE)),
      )
      expect(results.filter(({ outcome }) => outcome === 'claimed')).toHaveLength(1)
      expect(results.filter(({ outcome }) => outcome === 'in-flight')).toHaveLength(49)
    })

    test('of a claim whose owner died goes over to the payment that brings it next', async () => {
      const store = under()
      const claim = named()
      const first = tokenOf(await store.claim(claim, MOMENT))
      await past()
      const second = signedAnew(claim, { identifier })
      expect(await store.claim(second, LEASE)).toMatchObject({ outcome: 'claimed' })
      expect(await store.move(claim.key, first, { to: 'settling' })).toBe(false)
      expect(await store.claim(claim, LEASE)).toMatchObject({ outcome: 'in-flight' })
    })

    test('is free again with the claim that is released', async () => {
      const store = under()
      const claim = named()
      await store.release(claim.key, tokenOf(await store.claim(claim, LEASE)))
      const other = signedAnew(claim, { identifier: { ...identifier, binding: 'others' } })
      expect(await store.claim(other, LEASE)).toMatchObject({ outcome: 'claimed' })
    })

    test('of a payment that came to nothing serves a new one', async () => {
      const store = under()
      const claim = named()
      await bring(store, claim, 'void')
      expect(await store.claim(signedAnew(claim, { identifier }), LEASE)).toMatchObject({ outcome: 'claimed' })
      expect(await store.claim(claim, LEASE)).toEqual({ outcome: 'void' })
    })

    test.each([
      ['unknown', { outcome: 'earlier-unknown' }],
      ['credited', { outcome: 'owed', settlement }],
      ['refunding', { outcome: 'in-flight' }],
      ['refunded', { outcome: 'refunded', settlement }],
    ] as const)('of a payment that is %s answers for it to a new one', async (state, answer) => {
      const store = under()
      const claim = named()
      await bring(store, claim, state)
      expect(await store.claim(signedAnew(claim, { identifier }), LEASE)).toMatchObject(answer)
    })

    test('of an exhausted credit says so to a new payment', async () => {
      const store = under()
      const claim = named()
      await bring(store, claim, 'credited', { tries: 3 })
      expect(await store.claim(signedAnew(claim, { identifier }), LEASE)).toEqual({ outcome: 'exhausted', settlement })
    })

    test('that came with the payment that redeems a credit gives the response of that credit', async () => {
      const store = under()
      const credit = newClaim()
      await bring(store, credit, 'credited')
      const second = signedAnew(credit, { identifier })
      const token = tokenOf(await store.claim(second, LEASE))
      const moved = { learnt: { tries: 2 }, closes: second.key }
      await store.move(credit.key, token, { to: 'delivering', ...moved })
      await store.move(credit.key, token, { to: 'delivered', ...moved, keep: response })
      for (const asked of [second, signedAnew(credit, { identifier })])
        expect(bytesOf(await store.claim(asked, LEASE))).toEqual({ outcome: 'stored', settlement, response })
    })

    test('stands for its payment still when that was served from a credit in the end', async () => {
      const store = under()
      const credit = newClaim()
      const second = signedAnew(credit, { identifier })
      await store.claim(second, MOMENT)
      await bring(store, credit, 'credited')
      await past()
      const again = { ...second, identifier: { ...identifier, id: 'another name' } }
      const token = tokenOf(await store.claim(again, LEASE))
      const closes = second.key
      await store.move(credit.key, token, { to: 'delivering', closes })
      await store.move(credit.key, token, { to: 'delivered', closes, keep: response })
      expect(bytesOf(await store.claim(second, LEASE))).toEqual({ outcome: 'stored', settlement, response })
    })

    test('never overwrites a payment that is settled: each of two that share it keeps its own service', async () => {
      const store = under()
      const first = named()
      const token = await bring(store, first, 'settling')
      await store.move(first.key, token, { to: 'unknown', learnt: { reverted: true } })
      const second = signedAnew(first, { identifier })
      await bring(store, second, 'credited')
      const taken = await store.takeOver(first.key, LEASE)
      await store.move(first.key, taken?.token as FencingToken, { to: 'credited', learnt: { settlement } })
      expect(await store.claim(first, LEASE)).toMatchObject({ outcome: 'owed', key: first.key })
      expect(await store.read(first.key)).toMatchObject({ state: 'credited' })
      expect(await store.read(second.key)).toMatchObject({ state: 'credited' })
    })
  })
}
