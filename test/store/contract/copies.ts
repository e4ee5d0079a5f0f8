import { describe, expect, test } from 'vitest'
import type { FencingToken } from '../../../src/domain/ids.ts'
import type { NewClaim, PaymentState } from '../../../src/domain/record.ts'
import type { Under } from './index.ts'
import { bring, LEASE, newClaim, response, settlement, tokenOf } from './life.ts'

/** The response as it was about to be sent: kept while the payment is open. */
export function copies(under: Under): void {
  const keptFor = async (claim: NewClaim) => {
    const result = await under().claim(claim, LEASE)
    if (!('kept' in result)) throw new Error(`expected to be owed, got ${result.outcome}`)
    return result.kept && { ...result.kept, body: Uint8Array.from(result.kept.body) }
  }
  const takenOver = async (claim: NewClaim) => (await under().takeOver(claim.key, LEASE))?.token as FencingToken

  describe('a kept response', () => {
    test('comes with the credit, byte for byte, and outlives moves that keep nothing', async () => {
      const store = under()
      const claim = newClaim()
      const token = await bring(store, claim, 'delivering')
      await store.move(claim.key, token, { to: 'delivering', keep: response })
      await store.move(claim.key, token, { to: 'credited' })
      expect(await keptFor(claim)).toEqual(response)
    })

    test('gives way to a later one, and may be empty', async () => {
      const store = under()
      const claim = newClaim()
      const token = await bring(store, claim, 'delivering')
      await store.move(claim.key, token, { to: 'delivering', keep: response })
      const empty = { status: 204, headers: [], body: new Uint8Array() }
      await store.move(claim.key, token, { to: 'credited', keep: empty })
      expect(await keptFor(claim)).toEqual(empty)
    })

    test('may have a MiB', async () => {
      const store = under()
      const claim = newClaim()
      const body = Uint8Array.from({ length: 1_048_576 }, (_, i) => (i * 7) % 251)
      await store.move(claim.key, await bring(store, claim, 'delivering'), {
        to: 'credited',
        keep: { ...response, body },
      })
      const kept = await keptFor(claim)
      expect(Buffer.compare(kept?.body ?? new Uint8Array(), body)).toBe(0)
    })

    test('is no part of the record, and refused with the move it came with', async () => {
      const store = under()
      const claim = newClaim()
      const token = await bring(store, claim, 'delivering')
      await store.move(claim.key, 'another' as FencingToken, { to: 'delivering', keep: response })
      await store.move(claim.key, token, { to: 'void', keep: response })
      await store.move(claim.key, token, { to: 'credited' })
      expect(await keptFor(claim)).toBeUndefined()
      expect(await store.read(claim.key)).not.toHaveProperty('kept')
    })

    const ways: readonly (readonly PaymentState[])[] = [
      ['delivered', 'unknown', 'credited'],
      ['credited', 'refunding', 'credited'],
    ]
    test.each(ways)('once %s, then %s and %s again, is kept only if that never closed it', async (...way) => {
      const store = under()
      const claim = newClaim()
      let token = await bring(store, claim, 'delivering')
      for (const [i, to] of way.entries()) {
        const learnt = to === 'credited' ? { settlement } : {}
        const move = { to, learnt, ...(i === 0 && { keep: response }) }
        if (!(await store.move(claim.key, token, move))) {
          token = await takenOver(claim)
          expect(await store.move(claim.key, token, move)).toBe(true)
        }
      }
      expect(await keptFor(claim)).toEqual(way[0] === 'delivered' ? undefined : response)
    })

    test('is handed to one caller at a time, with the token', async () => {
      const store = under()
      const claim = newClaim()
      await store.move(claim.key, await bring(store, claim, 'delivering'), { to: 'credited', keep: response })
      const results = await Promise.all(Array.from({ length: 10 }, () => store.claim(claim, LEASE)))
      expect(results.filter((result) => 'kept' in result && result.kept !== undefined)).toHaveLength(1)
      expect(results.filter(({ outcome }) => outcome === 'in-flight')).toHaveLength(9)
      expect(tokenOf(results.find((result) => 'token' in result) ?? { outcome: 'void' })).toEqual(expect.any(String))
    })
  })
}
