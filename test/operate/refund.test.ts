import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { openLmdb } from '../../src/adapters/store/lmdb/index.ts'
import { openRedis } from '../../src/adapters/store/redis/index.ts'
import { atomicUnits, type Fingerprint, type PaymentKey, seconds } from '../../src/domain/ids.ts'
import type { LedgerEntry } from '../../src/domain/ledger.ts'
import { type RefundOutcome, refund } from '../../src/operate/refund.ts'
import type { Store } from '../../src/ports/store.ts'
import { TransferImpossible, type Treasury } from '../../src/ports/treasury.ts'
import { memoryLog } from '../support/log.ts'
import { type RefundChain, refundsOnBase, refundsOnSolana } from '../support/refund-chains.ts'

const AMOUNT = atomicUnits(34_000n)
const QUICK = { waitMs: 3_000, leaseMs: 2_000 }
/** Nobody waits long for what a dead one held. */
const BRIEF = { waitMs: 300, leaseMs: 100 }

const directory = mkdtempSync(join(tmpdir(), 'farebox-refund-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const stores: [string, () => Promise<Store>][] = [
  ['redis', () => openRedis(inject('redisUrl'), memoryLog())],
  ['lmdb', async () => openLmdb(directory)],
]
const chains: [string, () => Promise<RefundChain>][] = [
  ['Base', refundsOnBase],
  ['Solana', refundsOnSolana],
]

/** A process that dies at its n-th step: before the step takes effect, or after. From then on it does nothing. */
function mortal<Part extends object>(part: Part, life: { left: number }, moment: 'before' | 'after'): Part {
  return new Proxy(part, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        if (life.left < 0 || (life.left-- === 0 && moment === 'before')) throw new Error('dead')
        const result: unknown = await member.apply(target, args)
        if (life.left < 0) throw new Error('dead')
        return result
      }
    },
  })
}

const mute = (treasury: Treasury): Treasury => ({ ...treasury, send: async () => undefined })

describe.each(stores)('refunds in %s', (_store, openStore) => {
  let store: Store
  beforeAll(async () => {
    store = await openStore()
  })
  afterAll(() => store.close())

  describe.each(chains)('on %s', (_chain, openChain) => {
    let chain: RefundChain
    beforeAll(async () => {
      chain = await openChain()
    })
    afterAll(() => chain.stop())

    /** An open credit for a call that was paid and never served. */
    const credit = async (amount = AMOUNT): Promise<PaymentKey> => {
      const { network, asset, payer } = chain
      const nonce = randomUUID()
      const key = `${network}:${asset}:${payer}:${nonce}` as PaymentKey
      const granted = await store.grant({
        key,
        terms: {
          version: 'v1',
          route: 'GET /v2/data',
          request: 'a request' as Fingerprint,
          signed: nonce,
          payer,
          transfer: {
            kind: 'eip3009',
            network,
            asset,
            from: payer,
            to: 'payee',
            amount,
            nonce,
            window: undefined,
            endsBy: seconds(0),
          },
        },
        settlement: { network, asset, payer, payTo: 'payee', amount, transaction: 'paid', block: '1' },
        forgetAfter: seconds(Math.floor(Date.now() / 1_000) + 3_600),
      })
      if (!granted) throw new Error('no credit')
      return key
    }
    const entriesOf = async (key: PaymentKey): Promise<LedgerEntry[]> => {
      const entries: LedgerEntry[] = []
      for await (const entry of store.ledger()) if (entry.key === key) entries.push(entry)
      return entries
    }
    /** Whoever comes after a crash: calls until nobody else holds the payment. */
    const untilRefunded = async (key: PaymentKey): Promise<RefundOutcome> => {
      let last: RefundOutcome = { outcome: 'busy' }
      await expect
        .poll(
          async () => {
            last = await refund(store, chain.treasury(), key, QUICK)
            return last.outcome
          },
          { timeout: 15_000, interval: 50 },
        )
        .toBe('refunded')
      return last
    }

    test('move the money back once, and are in the ledger', async () => {
      const [key, before] = [await credit(), await chain.held()]
      const first = await refund(store, chain.treasury(), key, QUICK)
      const { network, asset, payer } = chain
      expect(first).toMatchObject({
        outcome: 'refunded',
        settlement: { network, asset, payTo: payer, amount: AMOUNT, payer: chain.treasury().address },
      })
      expect(await refund(store, chain.treasury(), key, QUICK)).toEqual(first)
      expect(await chain.held()).toBe(before + AMOUNT)
      expect((await store.credits()).map((open) => open.key)).not.toContain(key)
      const entries = await entriesOf(key)
      expect(entries.map(({ event }) => event)).toEqual(['credited', 'refunding', 'refunded'])
      expect(entries[2]?.refund?.settlement).toEqual('settlement' in first && first.settlement)
    })

    test('of one payment at once pay once', async () => {
      const [key, before] = [await credit(), await chain.held()]
      const outcomes = await Promise.all(
        Array.from({ length: 4 }, () => refund(store, chain.treasury(), key, QUICK).then(({ outcome }) => outcome)),
      )
      expect(outcomes.filter((outcome) => outcome !== 'busy')).toEqual(['refunded'])
      expect(await chain.held()).toBe(before + AMOUNT)
    })

    test('of equal amounts to one payer are as many transfers', async () => {
      const [keys, before] = [[await credit(), await credit()], await chain.held()]
      const settled = []
      for (const key of keys) settled.push(await refund(store, chain.treasury(), key, QUICK))
      expect(settled).toMatchObject([{ outcome: 'refunded' }, { outcome: 'refunded' }])
      expect(await chain.held()).toBe(before + 2n * AMOUNT)
    })

    test('of two payments at once from one key pay each of them', async () => {
      const [keys, before] = [[await credit(), await credit()], await chain.held()]
      const both = await Promise.all(keys.map((key) => refund(store, chain.treasury(), key, BRIEF)))
      // Two transfers may have come by the same nonce: then one of them can never land.
      if (both.some(({ outcome }) => outcome !== 'refunded')) await chain.outlive()
      for (const key of keys) await untilRefunded(key)
      expect(await chain.held()).toBe(before + 2n * AMOUNT)
    })

    test.each(['before', 'after'] as const)(
      'pay once when the process dies %s any step',
      { timeout: 120_000 },
      async (moment) => {
        let finished = false
        let steps = 0
        for (; !finished; steps++) {
          const [key, before] = [await credit(), await chain.held()]
          const life = { left: steps }
          const [dying, purse] = [mortal(store, life, moment), mortal(chain.treasury(), life, moment)]
          finished = await refund(dying, purse, key, BRIEF).then(
            () => true,
            () => false,
          )
          await untilRefunded(key)
          expect([steps, await chain.held()]).toEqual([steps, before + AMOUNT])
          expect(await store.read(key)).toMatchObject({ state: 'refunded' })
        }
        expect(steps).toBeGreaterThan(7)
      },
    )

    test('that are sent and not seen stay open, and go on with the same bytes', async () => {
      const [key, before] = [await credit(), await chain.held()]
      const letGo = await chain.hold()
      const first = await refund(store, chain.treasury(), key, BRIEF)
      expect(first).toMatchObject({ outcome: 'pending' })
      expect(await store.read(key)).toMatchObject({ state: 'refunding' })
      await letGo()
      const last = await untilRefunded(key)
      expect('settlement' in last && last.settlement.transaction).toBe('transaction' in first && first.transaction)
      expect(await chain.held()).toBe(before + AMOUNT)
    })

    test('that can never land open the credit again, for another transfer', async () => {
      const [key, before] = [await credit(), await chain.held()]
      expect(await refund(store, mute(chain.treasury()), key, BRIEF)).toMatchObject({
        outcome: 'pending',
      })
      await chain.outlive()
      await expect
        .poll(async () => (await refund(store, chain.treasury(), key, QUICK)).outcome, { timeout: 5_000 })
        .toBe('failed')
      expect(await store.read(key)).toMatchObject({ state: 'credited' })
      expect((await store.credits()).map((open) => open.key)).toContain(key)
      expect(await refund(store, chain.treasury(), key, QUICK)).toMatchObject({ outcome: 'refunded' })
      expect(await chain.held()).toBe(before + AMOUNT)
    })

    test('from an empty key change nothing', async () => {
      const [key, before] = [await credit(), await chain.held()]
      await expect(refund(store, chain.treasury('poor'), key, QUICK)).rejects.toBeInstanceOf(TransferImpossible)
      expect(await store.read(key)).toMatchObject({ state: 'credited' })
      expect(await chain.held()).toBe(before)
      expect(await refund(store, chain.treasury(), key, QUICK)).toMatchObject({ outcome: 'refunded' })
    })

    test('are only for what was paid and is owed', async () => {
      const before = await chain.held()
      expect(await refund(store, chain.treasury(), 'a:b:c:d' as PaymentKey)).toEqual({
        outcome: 'not-owed',
        state: undefined,
      })
      const present = await credit(atomicUnits(0n))
      expect(await refund(store, chain.treasury(), present)).toEqual({ outcome: 'not-owed', state: 'credited' })
      expect(await chain.held()).toBe(before)
    })
  })
})
