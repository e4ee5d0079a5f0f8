import type { PaymentState } from '../../../src/domain/record.ts'
import { isServed, ledgerOf } from './invariants.ts'
import { modeOf } from './terms.ts'
import type { ModelWorld } from './world.ts'

const STATES: readonly PaymentState[] = [
  'settling',
  'unknown',
  'settled',
  'delivering',
  'delivered',
  'credited',
  'refunding',
  'refunded',
  'void',
]

/** What the histories are there to reach; a generator that never brings one of them tests nothing of it. */
export const REACHES = [
  ...STATES.map((state) => `ledger: ${state}`),
  ...[200, 402, 409, 502, 503].map((status) => `answer: ${status}`),
  ...['before', 'parallel', 'after'].flatMap((mode) => [
    `${mode}: served`,
    `${mode}: the upstream failed`,
    `${mode}: the caller hung up`,
  ]),
  ...['parallel', 'after'].map((mode) => `${mode}: the upstream was called and nothing was settled`),
  ...['payment_already_used', 'payment_expired', 'invalid_transaction_state', 'settlement_pending'].map(code),
  ...['delivery_exhausted', 'payment_for_other_request', 'payment_in_flight', 'earlier_payment_pending'].map(code),
  ...['payment_identifier_conflict', 'payment_refunded', 'store_unavailable', 'chain_unavailable'].map(code),
  ...['upstream_failed', 'payment_required', 'insufficient_funds'].map(code),
  'a credit was redeemed by the same payment',
  'a credit was redeemed by a new payment',
  'a named call was answered again',
  'a delivered payment was undone by a reorg',
  'a credited payment was undone by a reorg',
  'a transaction moved nothing',
  'somebody else brought the transfer',
  'a lease was lost',
  'an event stream began',
  'a large response broke off',
  'the kept bytes were sent again',
  'store lost',
  'crash',
  ...['credited', 'delivered', 'void', 'final', 'reopened', 'open'].map((what) => `reconciled: ${what}`),
] as const

function code(name: string): string {
  return `code: ${name}`
}

/** What one history has reached. */
export async function reached(world: ModelWorld): Promise<ReadonlySet<string>> {
  const { calls, begun, hits, chain, lost } = world
  const ledger = await ledgerOf(world)
  const found = new Set<string>(world.count.keys())
  const last = new Map<string, PaymentState>()
  for (const { key, event, settlement, against } of ledger) {
    found.add(`ledger: ${event}`)
    if (event === 'unknown' && last.get(key) === 'delivered') found.add('a delivered payment was undone by a reorg')
    if (event === 'unknown' && last.get(key) === 'credited') found.add('a credited payment was undone by a reorg')
    if (settlement?.transaction.startsWith('0xother')) found.add('somebody else brought the transfer')
    if (against !== undefined) found.add('a credit was redeemed by a new payment')
    if (
      event === 'delivered' &&
      calls.filter(({ key: one }) => one === key).length > 1 &&
      last.get(key) === 'delivering'
    )
      found.add('a credit was redeemed by the same payment')
    last.set(key, event)
  }
  for (const { target, got, signed } of calls) {
    if (!got) continue
    const mode = modeOf(target)
    found.add(`answer: ${got.status}`)
    if (got.from === 'upstream' && got.complete) found.add(`${mode}: served`)
    if (got.from === 'upstream' && !got.complete) found.add(`${mode}: the caller hung up`)
    if (got.from !== 'gateway') continue
    const said = (JSON.parse(got.body) as { code: string }).code
    found.add(code(said))
    if (said === 'upstream_failed' || said === 'upstream_unavailable') found.add(`${mode}: the upstream failed`)
    if (said === 'invalid_transaction_state' && !chain.settled(signed.nonce)) found.add('a transaction moved nothing')
  }
  for (const { target, payment } of hits) {
    if (!begun.some((one) => one.payment === payment) && !chain.everSettled.has(payment.split(':').at(-1) ?? ''))
      found.add(`${modeOf(target)}: the upstream was called and nothing was settled`)
  }
  for (const [index, one] of begun.entries()) {
    if (one.mood === 'streams') found.add('an event stream began')
    if (one.mood === 'pours-broken' && !isServed(one.call)) found.add('a large response broke off')
    const before = begun.slice(0, index).find(({ serial }) => serial === one.serial)
    if (!before) continue
    found.add('the kept bytes were sent again')
    if (one.call.signed.id !== undefined && isServed(before.call)) found.add('a named call was answered again')
  }
  if (lost.size > 0) found.add('store lost')
  return found
}
