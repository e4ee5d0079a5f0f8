import { describe, expect, test } from 'vitest'
import { type FencingToken, milliseconds } from '../../../src/domain/ids.ts'
import type { NewClaim, PaymentState } from '../../../src/domain/record.ts'
import type { Under } from './index.ts'
import { bring, isDue, LEASE, newClaim, settlement, signedAnew } from './life.ts'

const NOW = milliseconds(0)

/** What counted as settled, and is not on the chain any more. */
export function reorgs(under: Under): void {
  /** Delivered, then undone by a reorg. */
  const reopened = async (): Promise<NewClaim> => {
    const store = under()
    const claim = newClaim()
    const token = await bring(store, claim, 'delivering')
    await store.move(claim.key, token, { to: 'delivered', learnt: { served: true }, lookIn: NOW })
    await moveOn(claim, 'unknown')
    return claim
  }
  const moveOn = async ({ key }: NewClaim, to: PaymentState): Promise<void> => {
    const taken = await under().takeOver(key, LEASE)
    const learnt = to === 'unknown' || to === 'void' ? {} : { settlement: { ...settlement, block: '18' } }
    expect(await under().move(key, taken?.token as FencingToken, { to, learnt, lookIn: NOW })).toBe(true)
  }

  describe('a reorg', () => {
    test('reopens what was delivered, which is due at once', async () => {
      const claim = await reopened()
      expect(await under().read(claim.key)).toMatchObject({ state: 'unknown', served: true, settlement })
      expect(await isDue(under(), claim.key)).toBe(true)
    })

    test('has nothing served a second time, and no new payment wait', async () => {
      const claim = await reopened()
      expect(await under().claim(claim, LEASE)).toEqual({ outcome: 'in-flight', retryAfter: 2 })
      expect(await under().claim(signedAnew(claim), LEASE)).toMatchObject({ outcome: 'claimed' })
    })

    test('that is mended closes the payment again', async () => {
      const claim = await reopened()
      await moveOn(claim, 'delivered')
      expect(await under().read(claim.key)).toMatchObject({ state: 'delivered', settlement: { block: '18' } })
      expect(await under().claim(claim, LEASE)).toMatchObject({ outcome: 'spent' })
      expect(await isDue(under(), claim.key)).toBe(true)
    })

    test('that undid it for good leaves it void, and nothing owed', async () => {
      const claim = await reopened()
      await moveOn(claim, 'void')
      expect(await under().claim(claim, LEASE)).toEqual({ outcome: 'void' })
      expect(await under().claim(signedAnew(claim), LEASE)).toMatchObject({ outcome: 'claimed' })
    })

    test('reopens a credit, which then stands in the way of a new payment', async () => {
      const store = under()
      const claim = newClaim()
      await bring(store, claim, 'credited', { lookIn: 0 })
      await moveOn(claim, 'unknown')
      expect((await store.credits()).map(({ key }) => key)).not.toContain(claim.key)
      expect(await store.claim(signedAnew(claim), LEASE)).toMatchObject({ outcome: 'earlier-unknown', key: claim.key })
      await moveOn(claim, 'credited')
      expect(await store.claim(signedAnew(claim), LEASE)).toMatchObject({ outcome: 'owed', key: claim.key })
    })
  })
}
