import { beforeEach, describe, expect, test } from 'vitest'
import { atomicUnits, type PaymentKey } from '../../src/domain/ids.ts'
import type { PaymentRecord } from '../../src/domain/record.ts'
import type { LookupOutcome } from '../../src/domain/settlement.ts'
import { encode } from '../support/evm-payment.ts'
import { BASE_SEPOLIA, PAYEE, USDC } from '../support/fixtures.ts'
import { ask, attempt, KEY, payer, recordOf, settlement, sign, signIn, stage } from './payments-support.ts'

describe('what is told', () => {
  const earlier = 'eip155:84532:earlier' as PaymentKey
  const exhausted = { settlement, tries: 3 }
  test.each<[string, Partial<PaymentRecord>, object]>([
    ['claimed', { state: 'claimed' }, { charged: false, owed: false, transaction: null, tries: 0 }],
    ['settling', { state: 'settling', attempt }, { charged: 'unknown', owed: false, transaction: '0xsent' }],
    [
      'unknown',
      { state: 'unknown', attempt },
      { charged: 'unknown', owed: false, transaction: '0xsent', hint: expect.stringContaining('do not sign') },
    ],
    [
      'unknown',
      { state: 'unknown', attempt, reverted: true },
      { charged: false, owed: false, hint: expect.stringContaining('new payment') },
    ],
    // A reorg undid the settlement: it is written down still, and counts no more.
    ['unknown', { state: 'unknown', attempt, settlement, tries: 1 }, { charged: 'unknown', owed: false, tries: 1 }],
    ['settled', { state: 'settled', attempt, settlement }, { charged: true, owed: true, transaction: '0xsettled' }],
    ['delivering', { state: 'delivering', settlement, tries: 1 }, { charged: true, owed: true, tries: 1 }],
    ['delivered', { state: 'delivered', settlement, tries: 1 }, { charged: true, owed: false }],
    [
      'delivered',
      { state: 'delivered', settlement, against: earlier },
      { charged: false, owed: false, transaction: null, against: earlier },
    ],
    [
      'credited',
      { settlement, tries: 1 },
      { charged: true, owed: true, hint: expect.stringContaining('same request again') },
    ],
    ['credited', exhausted, { charged: true, owed: true, hint: expect.stringContaining('refund') }],
    ['credited', { settlement: { ...settlement, amount: atomicUnits(0n) } }, { charged: false, owed: true }],
    [
      'refunding',
      { ...exhausted, state: 'refunding', refund: { attempt } },
      { charged: true, owed: true, refund: { transaction: '0xsent', state: 'sent' } },
    ],
    [
      'refunded',
      { ...exhausted, state: 'refunded', refund: { attempt, settlement: { ...settlement, transaction: '0xback' } } },
      { charged: true, owed: false, refund: { transaction: '0xback', state: 'settled' } },
    ],
    ['void', { state: 'void', attempt }, { charged: false, owed: false }],
    [
      'void',
      { state: 'void', attempt, settlement, served: true },
      { charged: false, owed: false, hint: expect.stringContaining('never charged') },
    ],
  ])('of a payment that is %s, %o', async (state, record, expected) => {
    stage.records.set(KEY, recordOf({ state: 'credited', ...record }))
    const { status, body } = await ask(KEY, await signIn())
    expect(status).toBe(200)
    expect(body).toMatchObject({
      payment: KEY,
      state,
      network: BASE_SEPOLIA,
      asset: USDC,
      amount: '34000',
      payTo: PAYEE,
      payer: payer.address,
      ...expected,
    })
    expect(Object.keys(body).sort()).toEqual([
      'against',
      'amount',
      'asset',
      'charged',
      'hint',
      'network',
      'owed',
      'payTo',
      'payer',
      'payment',
      'refund',
      'state',
      'transaction',
      'tries',
    ])
  })

  describe('of a payment that has no record', () => {
    beforeEach(() => stage.records.clear())
    const withPayment = async () => ask(KEY, { 'payment-signature': encode((await sign()).v2) })
    test('to a wallet alone: that there is none', async () =>
      expect(await ask(KEY, await signIn())).toMatchObject({
        status: 404,
        body: { code: 'payment_not_found', charged: 'unknown' },
      }))
    test.each<[LookupOutcome, object]>([
      [
        { outcome: 'settled', settlement },
        {
          state: 'unrecorded',
          charged: true,
          owed: false,
          transaction: '0xsettled',
          hint: expect.stringContaining('operator'),
        },
      ],
      [{ outcome: 'unspent' }, { state: 'unspent', charged: false, owed: false, transaction: null }],
      [{ outcome: 'void' }, { state: 'void', charged: false, owed: false, transaction: null }],
      [{ outcome: 'unknown' }, { state: 'unknown', charged: 'unknown', owed: false, transaction: null }],
    ])('what the chain says: %o', async (found, expected) => {
      stage.onChain = async () => found
      expect(await withPayment()).toMatchObject({
        status: 200,
        body: { payment: KEY, payer: payer.address, amount: '34000', ...expected },
      })
    })
    test('the chain is asked five times a second at most', async () => {
      let asked = 0
      stage.onChain = async () => {
        asked++
        return { outcome: 'unspent' }
      }
      for (let call = 0; call < 5; call++) expect((await withPayment()).status).toBe(200)
      expect(await withPayment()).toMatchObject({ status: 503, body: { code: 'overloaded', charged: 'unknown' } })
      expect(asked).toBe(5)
      stage.now++
      expect((await withPayment()).status).toBe(200)
    })
    test('and four times at once at most', async () => {
      let release = () => {}
      const held = new Promise<void>((resolve) => (release = resolve))
      stage.onChain = () => held.then(() => ({ outcome: 'unspent' }))
      const waiting = Array.from({ length: 4 }, withPayment)
      await expect.poll(() => stage.reads.length).toBe(4)
      stage.now++
      expect((await withPayment()).status).toBe(503)
      release()
      for (const one of await Promise.all(waiting)) expect(one.status).toBe(200)
      expect((await withPayment()).status).toBe(200)
    })
  })
  test('nothing, while the store does not answer', async () => {
    stage.storeFails = true
    expect(await ask(KEY, await signIn())).toMatchObject({
      status: 503,
      body: { code: 'store_unavailable', charged: 'unknown' },
    })
  })
})
