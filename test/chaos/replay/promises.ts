import { milliseconds, type PaymentKey } from '../../../src/domain/ids.ts'
import type { LedgerEntry } from '../../../src/domain/ledger.ts'
import type { Store } from '../../../src/ports/store.ts'
import { hold } from '../model/invariants.ts'
import { readWritten } from '../model/parts.ts'
import { payerOf } from '../model/payments.ts'
import { modeOf } from '../model/terms.ts'
import type { RealCall, Replayed } from './replay.ts'

/** What the invariants come to when they are seen from outside, once all has come to rest. */
export async function assertPromises(
  store: Store,
  { calls, used, revenue, hits, asked, since }: Replayed,
): Promise<void> {
  const byKey = new Map(calls.map((call) => [call.key, call]))
  const byNonce = new Map(calls.map((call) => [call.nonce, call]))
  hold(new Set(used).size === used.length, '4', () => 'the chain took an authorization twice')

  const serials = new Map<string, number>()
  for (const { target, payer, got } of calls) {
    // What the gateway says of its own is JSON.
    const written = got && !got.body.startsWith('{') ? readWritten(got.body.replaceAll('.', '')) : undefined
    if (!got || !written) continue
    const paid = byKey.get(written.payment as PaymentKey)
    hold(paid !== undefined && used.includes(paid.nonce), '1', () => `${written.payment} was served and never settled`)
    // What is too large to be kept may be begun again, and is completed once.
    if (!written.mood.startsWith('pours') || got.body.endsWith('end')) {
      const known = serials.get(written.payment) ?? written.serial
      serials.set(written.payment, written.serial)
      hold(known === written.serial, '2', () => `${written.payment} was answered with two responses`)
    }
    hold(written.target === target, '6', () => `a call of ${target} was given ${written.target}`)
    hold(payerOf(written.payment) === payer.address.toLowerCase(), '10', () => `${payer.address} was given another's`)
  }

  let charged = 0n
  for (const nonce of used) {
    const call = byNonce.get(nonce) as RealCall
    const record = await store.read(call.key)
    const state = record?.state
    hold(state === 'delivered' || state === 'credited', '3', () => `${call.key} is settled and ${state ?? 'forgotten'}`)
    hold(state === 'delivered' || !record?.served, '3', () => `${call.key} was served and is owed`)
    charged += record?.settlement?.amount ?? 0n
  }
  hold(charged === revenue, '4', () => `the records say ${charged}, the chain ${revenue}`)
  const entries: LedgerEntry[] = []
  for await (const entry of store.ledger(milliseconds(since - 1_000))) if (byKey.has(entry.key)) entries.push(entry)
  const booked = new Map(
    entries.flatMap(({ key, settlement }) => (settlement ? [[key, settlement.amount] as const] : [])),
  )
  const sum = [...booked.values()].reduce((total, amount) => total + amount, 0n)
  hold(sum === revenue, '4', () => `the ledger says ${sum}, the chain ${revenue}`)

  for (const { headers, target } of hits) {
    const payment = String(headers['x-farebox-payment'] ?? '')
    hold(byKey.has(payment as PaymentKey), '5', () => `an unpaid hit on ${target}`)
    hold(headers['payment-signature'] === undefined, '10', () => 'a payment reached the upstream')
  }
  for (const { target, settled } of asked)
    if (modeOf(target) === 'before') hold(settled, '5', () => `${target} was forwarded unsettled`)
}
