import { describe, expect, test } from 'vitest'
import type { AnswerFacts, History, PaymentFacts } from './history.ts'
import { violationsOf } from './invariants.ts'

const paid: PaymentFacts = { id: 'p1', transfers: ['tx1'], state: 'delivered', reverted: false, against: undefined }
const unpaid: PaymentFacts = { ...paid, transfers: [], state: 'absent' }
const served: AnswerFacts = {
  payment: 'p1',
  status: 200,
  complete: true,
  serial: 1,
  transaction: 'tx1',
  code: undefined,
  hint: undefined,
}
const broken: AnswerFacts = { ...served, status: undefined, complete: false, serial: undefined, transaction: undefined }
const refused: AnswerFacts = { ...broken, status: 402, complete: true, code: 'payment_already_used', hint: 'sign anew' }

/** A purchase in which all went well. */
const good: History = {
  trial: 'planted',
  settle: 'before',
  payments: [paid],
  strays: [],
  hits: [{ payment: 'p1', settled: true }],
  answers: [served],
  handedOver: [{ transaction: 'tx1', whole: true }],
  kept: true,
  ending: 'served',
}
const broke = (change: Partial<History>) => violationsOf({ ...good, ...change }).map(({ invariant }) => invariant)

describe('what keeps the promises is not reported', () => {
  test.each<[string, Partial<History>]>([
    ['one payment, one response', {}],
    ['the same bytes twice', { answers: [served, served] }],
    ['a response lost on the way, and the payment refused then', { answers: [broken, refused], ending: 'refused' }],
    [
      'charged, never served, kept as a credit',
      { payments: [{ ...paid, state: 'credited' }], answers: [broken], handedOver: [], ending: 'silent' },
    ],
    [
      'served from the credit of an earlier payment',
      {
        payments: [paid, { ...unpaid, id: 'p2', state: 'delivered', against: 'p1' }],
        answers: [broken, { ...served, payment: 'p2' }],
      },
    ],
    ['never sent', { payments: [unpaid], hits: [], answers: [broken], handedOver: [], ending: 'silent' }],
    [
      'hit before it settled, where the route says so',
      { settle: 'parallel', hits: [{ payment: 'p1', settled: false }] },
    ],
  ])('%s', (_, change) => expect(violationsOf({ ...good, ...change })).toEqual([]))
})

describe('a planted violation is reported', () => {
  test.each<[string, string, Partial<History>]>([
    ['served twice', 'one payment, one response', { answers: [served, { ...served, serial: 2 }] }],
    [
      'one settlement served two payments',
      'one payment, one response',
      {
        answers: [served, { ...served, payment: 'p2', serial: 2 }],
      },
    ],
    ['served for a receipt that is no transfer', 'no byte unpaid', { answers: [{ ...served, transaction: 'tx9' }] }],
    [
      'half a response without a transfer',
      'no byte unpaid',
      { payments: [unpaid], answers: [{ ...served, complete: false }] },
    ],
    ['charged twice', 'no charge for nothing', { payments: [{ ...paid, transfers: ['tx1', 'tx2'] }] }],
    ['charged and forgotten', 'no charge for nothing', { payments: [{ ...paid, state: 'absent' }] }],
    ['charged and void', 'no charge for nothing', { payments: [{ ...paid, state: 'void' }] }],
    ['closed without a response', 'no charge for nothing', { handedOver: [] }],
    ['closed before the last byte', 'no charge for nothing', { handedOver: [{ transaction: 'tx1', whole: false }] }],
    ['charged after the end', 'no charge for nothing', { strays: ['p0'] }],
    [
      'served from a credit, and charged',
      'served from a credit, not charged',
      { payments: [{ ...paid, against: 'p0' }] },
    ],
    ['called unpaid', 'unpaid hits no upstream', { hits: [{ payment: 'p1', settled: false }] }],
    ['called for nobody', 'unpaid hits no upstream', { hits: [{ payment: undefined, settled: false }] }],
    ['called for a stranger', 'unpaid hits no upstream', { hits: [{ payment: 'p7', settled: true }] }],
    [
      'called again and again',
      'the upstream is called a bounded number of times',
      {
        hits: Array.from({ length: 4 }, () => ({ payment: 'p1', settled: true })),
      },
    ],
    [
      'called twice for one request, unsettled',
      'the upstream is called a bounded number of times',
      {
        settle: 'after',
        hits: Array.from({ length: 2 }, () => ({ payment: 'p1', settled: false })),
      },
    ],
    ['left open', 'an unknown outcome ends', { payments: [{ ...unpaid, state: 'unknown' }] }],
    ['never served', 'an agent that asks again is served, or told why not', { ending: 'gave-up' }],
    [
      'turned away for nothing',
      'an agent that asks again is served, or told why not',
      {
        ending: 'refused',
        answers: [{ ...refused, status: 409, code: 'payment_for_other_request' }],
      },
    ],
    [
      'refused as used, and nothing had left',
      'an agent that asks again is served, or told why not',
      {
        ending: 'refused',
        answers: [refused],
        handedOver: [],
      },
    ],
  ])('%s', (_, invariant, change) => expect(broke(change)).toContain(invariant))

  test('with how to see it again', () => {
    expect(violationsOf({ ...good, ending: 'gave-up' })).toMatchObject([{ trial: 'planted' }])
  })
})
