import { describe, expect, test } from 'vitest'
import { type FencingToken, milliseconds } from '../../../src/domain/ids.ts'
import type { LedgerEntry } from '../../../src/domain/ledger.ts'
import type { NewClaim } from '../../../src/domain/record.ts'
import type { Under } from './index.ts'
import {
  attempt,
  bring,
  entriesOf,
  inSeconds,
  LEASE,
  MOMENT,
  newClaim,
  past,
  response,
  settlement,
  signedAnew,
  tokenOf,
} from './life.ts'

/** Exactly which entries each life leaves. */
export function ledger(under: Under): void {
  /** Without their times, which are checked apart. */
  const written = async (...claims: readonly NewClaim[]) => {
    const entries = await entriesOf(
      under(),
      claims.map(({ key }) => key),
    )
    return entries.map(({ at: _, ...entry }) => entry)
  }
  const sent = ({ key, terms }: NewClaim) => ({ key, event: 'settling', terms, transaction: '0xhash' })
  const settled = ({ key }: NewClaim) => ({ key, event: 'settled', settlement })

  describe('the ledger', () => {
    test('of a payment that was served', async () => {
      const store = under()
      const claim = newClaim()
      const token = await bring(store, claim, 'delivering')
      await store.move(claim.key, token, { to: 'delivered', learnt: { served: true }, status: 200, keep: response })
      const { key } = claim
      expect(await written(claim)).toEqual([
        sent(claim),
        settled(claim),
        { key, event: 'delivering' },
        { key, event: 'delivered', status: 200 },
      ])
    })

    test('has nothing of a claim, nor of one that was released or refused', async () => {
      const store = under()
      const [released, left] = [newClaim(), newClaim()]
      await store.release(released.key, tokenOf(await store.claim(released, LEASE)))
      const token = tokenOf(await store.claim(left, LEASE))
      await store.move(left.key, token, { to: 'delivered' })
      await store.move(left.key, 'another' as FencingToken, { to: 'settling', learnt: { attempt } })
      expect(await written(released, left)).toEqual([])
    })

    test('of an attempt that was made anew, and of one whose transaction is not known', async () => {
      const store = under()
      const claim = newClaim()
      const token = tokenOf(await store.claim(claim, LEASE))
      const move = (transaction: string | undefined) =>
        store.move(claim.key, token, { to: 'settling', learnt: { attempt: { ...attempt, transaction } } })
      await move(undefined)
      await move('0xsecond')
      const { key, terms } = claim
      expect(await written(claim)).toEqual([
        { key, event: 'settling', terms },
        { key, event: 'settling', transaction: '0xsecond' },
      ])
    })

    test('has nothing of moves that learn nothing of money: a try, a lease, finality', async () => {
      const store = under()
      const claim = newClaim()
      const token = await bring(store, claim, 'delivered', { lookIn: 0 })
      const before = await written(claim)
      await store.move(claim.key, token, { to: 'delivered' })
      const taken = await store.takeOver(claim.key, LEASE)
      await store.renew(claim.key, taken?.token as FencingToken, LEASE)
      await store.move(claim.key, taken?.token as FencingToken, { to: 'delivered', learnt: { final: true } })
      expect(await written(claim)).toEqual(before)
    })

    test('of an unknown outcome that a reconciler settles, and of one that is void', async () => {
      const store = under()
      const claims = [newClaim(), newClaim()] as const
      const [credited, ended] = claims
      for (const claim of claims) await bring(store, claim, 'unknown')
      const take = async ({ key }: NewClaim) => (await store.takeOver(key, LEASE))?.token as FencingToken
      await store.move(credited.key, await take(credited), { to: 'credited', learnt: { settlement } })
      await store.move(ended.key, await take(ended), { to: 'void' })
      expect(await written(credited)).toEqual([
        sent(credited),
        { key: credited.key, event: 'unknown' },
        { key: credited.key, event: 'credited', settlement },
      ])
      expect(await written(ended)).toEqual([
        sent(ended),
        { key: ended.key, event: 'unknown' },
        { key: ended.key, event: 'void' },
      ])
    })

    test('of a payment that was served from a credit', async () => {
      const store = under()
      const credit = newClaim()
      await bring(store, credit, 'credited')
      const second = signedAnew(credit)
      const token = tokenOf(await store.claim(second, LEASE))
      const closes = second.key
      await store.move(credit.key, token, { to: 'delivering', learnt: { tries: 2 }, closes })
      await store.move(credit.key, token, { to: 'delivered', closes, status: 200 })
      const { key } = credit
      expect(await written(credit)).toEqual([
        sent(credit),
        settled(credit),
        { key, event: 'delivering' },
        { key, event: 'credited' },
        { key, event: 'delivering' },
        { key, event: 'delivered', status: 200 },
      ])
      expect(await written(second)).toEqual([
        { key: second.key, event: 'delivered', terms: second.terms, against: credit.key },
      ])
    })

    test('has nothing of a payment whose credit could not be served', async () => {
      const store = under()
      const credit = newClaim()
      await bring(store, credit, 'credited')
      const second = signedAnew(credit)
      const token = tokenOf(await store.claim(second, LEASE))
      await store.move(credit.key, token, { to: 'delivering', closes: second.key })
      await store.move(credit.key, token, { to: 'credited', closes: second.key, status: 502 })
      expect(await written(second)).toEqual([])
      expect((await written(credit)).at(-1)).toEqual({ key: credit.key, event: 'credited', status: 502 })
    })

    test('of a refund', async () => {
      const store = under()
      const claim = newClaim()
      await bring(store, claim, 'credited')
      const before = await written(claim)
      const token = (await store.takeOver(claim.key, LEASE))?.token as FencingToken
      const begun = { attempt }
      const done = { attempt, settlement }
      await store.move(claim.key, token, { to: 'refunding', learnt: { refund: begun } })
      await store.move(claim.key, token, { to: 'refunding', learnt: { refund: begun } })
      await store.move(claim.key, token, { to: 'refunded', learnt: { refund: done } })
      const { key } = claim
      expect((await written(claim)).slice(before.length)).toEqual([
        { key, event: 'refunding', refund: begun },
        { key, event: 'refunding', refund: begun },
        { key, event: 'refunded', refund: done },
      ])
    })

    test('of a reorg, and of a settlement that was mined elsewhere', async () => {
      const store = under()
      const claim = newClaim()
      const { key } = claim
      const elsewhere = { ...settlement, block: '18' }
      await bring(store, claim, 'delivered', { lookIn: 0 })
      const before = await written(claim)
      const take = async () => (await store.takeOver(key, LEASE))?.token as FencingToken
      await store.move(key, await take(), { to: 'unknown' })
      await store.move(key, await take(), { to: 'delivered', learnt: { settlement } })
      await store.move(key, await take(), { to: 'delivered', learnt: { settlement: elsewhere, final: true } })
      expect((await written(claim)).slice(before.length)).toEqual([
        { key, event: 'unknown' },
        { key, event: 'delivered', settlement },
        { key, event: 'delivered', settlement: elsewhere },
      ])
    })

    test('of a grant, and of one that gave new tries', async () => {
      const store = under()
      const { key, terms } = newClaim()
      const granted = { key, terms, settlement, forgetAfter: inSeconds(600) }
      await store.grant(granted)
      await store.grant(granted)
      expect((await entriesOf(store, [key])).map(({ at: _, ...entry }) => entry)).toEqual([
        { key, event: 'credited', terms, settlement },
        { key, event: 'credited' },
      ])
    })

    test('is read from a time to before another, each entry once, in the order of their times', async () => {
      const store = under()
      const claims = [newClaim(), newClaim(), newClaim()]
      const keys = claims.map(({ key }) => key)
      const began = Date.now()
      for (const claim of claims) {
        await bring(store, claim, 'delivered')
        await past()
      }
      const all = await entriesOf(store, keys)
      expect(all).toHaveLength(12)
      const times = all.map(({ at }) => at)
      expect(times).toEqual([...times].sort((a, b) => a - b))
      expect(times[0]).toBeGreaterThanOrEqual(began - 1)
      expect(times.at(-1)).toBeLessThanOrEqual(Date.now() + 1)
      const middle = (all[4] as LedgerEntry).at
      const before = await entriesOf(store, keys, undefined, middle)
      const after = await entriesOf(store, keys, middle)
      expect([...before, ...after]).toEqual(all)
      expect(before.every(({ at }) => at < middle)).toBe(true)
      expect(await entriesOf(store, keys, middle, middle)).toEqual([])
      expect(await entriesOf(store, keys, milliseconds(Date.now() + 60_000))).toEqual([])
    })

    test('is read whole while it is written, past what fits in one page', async () => {
      const store = under()
      const claims = Array.from({ length: 700 }, () => newClaim())
      await Promise.all(claims.map((claim) => bring(store, claim, 'settled', { lease: MOMENT })))
      const seen = await entriesOf(
        store,
        claims.map(({ key }) => key),
      )
      expect(seen).toHaveLength(1_400)
      expect(new Set(seen.map(({ key, event }) => `${key} ${event}`)).size).toBe(1_400)
    })
  })
}
