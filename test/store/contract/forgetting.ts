import { describe, expect, test } from 'vitest'
import type { FencingToken } from '../../../src/domain/ids.ts'
import type { NewClaim, PaymentState } from '../../../src/domain/record.ts'
import type { Under } from './index.ts'
import { bring, inSeconds, LEASE, newClaim, settlement, signedAnew, tokenOf } from './life.ts'

/** What is forgotten once the chain itself refuses the authorization, and what never is. */
export function forgetting(under: Under): void {
  /** Waits until a record is gone; the store's own clock decides. */
  const forgotten = ({ key }: NewClaim) => expect.poll(() => under().read(key), { timeout: 8_000 }).toBeUndefined()
  const soon = () => newClaim({ forgetAfter: inSeconds(2) })

  describe('forgetting', () => {
    test('a claim of which nothing was sent is forgotten, and so is what is void, refunded or served for good', async () => {
      const store = under()
      const [claimed, ended, refunded, final] = [soon(), soon(), soon(), soon()]
      const token = tokenOf(await store.claim(claimed, LEASE))
      await bring(store, ended, 'void')
      await bring(store, refunded, 'refunded')
      await bring(store, final, 'delivered')
      const taken = await store.takeOver(final.key, LEASE)
      await store.move(final.key, taken?.token as FencingToken, { to: 'delivered', learnt: { final: true } })
      for (const claim of [claimed, ended, refunded, final]) await forgotten(claim)
      expect(await store.move(claimed.key, token, { to: 'settling' })).toBe(false)
      expect(await store.claim({ ...claimed, forgetAfter: inSeconds(600) }, LEASE)).toMatchObject({
        outcome: 'claimed',
      })
    })

    test('what is open is never forgotten, nor what was delivered and may be undone by a reorg', async () => {
      const store = under()
      const open: readonly PaymentState[] = [
        'settling',
        'unknown',
        'settled',
        'delivering',
        'credited',
        'refunding',
        'delivered',
      ]
      const claims = await Promise.all(
        open.map(async (state) => {
          const claim = soon()
          await bring(store, claim, state)
          return claim
        }),
      )
      const gone = soon()
      await store.claim(gone, LEASE)
      await forgotten(gone)
      for (const [i, claim] of claims.entries()) expect(await store.read(claim.key)).toMatchObject({ state: open[i] })
      expect((await store.credits()).map(({ key }) => key)).toContain(claims[open.indexOf('credited')]?.key)
    })

    test('a payment that was served from a credit is forgotten in its own time', async () => {
      const store = under()
      const credit = newClaim()
      await bring(store, credit, 'credited')
      const second = signedAnew(credit, { forgetAfter: inSeconds(2) })
      const token = tokenOf(await store.claim(second, LEASE))
      await store.move(credit.key, token, { to: 'delivering', closes: second.key })
      await store.move(credit.key, token, { to: 'delivered', closes: second.key })
      expect(await store.claim(second, LEASE)).toEqual({ outcome: 'spent', settlement })
      await forgotten(second)
      expect(await store.read(credit.key)).toMatchObject({ state: 'delivered' })
    })

    test('what is reopened in time is kept', async () => {
      const store = under()
      const [claim, gone] = [soon(), soon()]
      await bring(store, claim, 'delivered')
      const taken = await store.takeOver(claim.key, LEASE)
      await store.move(claim.key, taken?.token as FencingToken, { to: 'unknown' })
      await store.claim(gone, LEASE)
      await forgotten(gone)
      expect(await store.read(claim.key)).toMatchObject({ state: 'unknown' })
    })
  })
}
