import { setTimeout as sleep } from 'node:timers/promises'
import { type FencingToken, milliseconds, type PaymentKey } from '../domain/ids.ts'
import type { PaymentRecord, PaymentState } from '../domain/record.ts'
import type { Attempt, Settlement } from '../domain/settlement.ts'
import { ChainUnavailable } from '../ports/network.ts'
import type { Store } from '../ports/store.ts'
import type { TransferOutcome, Treasury } from '../ports/treasury.ts'

export interface RefundOptions {
  /** The longest wait for the transfer to be confirmed. */
  readonly waitMs?: number
  readonly leaseMs?: number
}

/**
 * What came of a refund.
 *
 * - `pending`: sent, and not seen on chain yet. Refunding the same payment again goes on with the same bytes.
 * - `failed`: the transfer can never land; the credit is open again.
 * - `busy`: somebody else works on the payment, or took it over; what was sent is in the record, for the next call to go on with.
 * - `not-owed`: there is no open credit under that key, or none that money was paid for.
 */
export type RefundOutcome =
  | { readonly outcome: 'refunded'; readonly settlement: Settlement }
  | { readonly outcome: 'pending'; readonly transaction: string | undefined }
  | { readonly outcome: 'failed'; readonly transaction: string | undefined }
  | { readonly outcome: 'busy' }
  | { readonly outcome: 'not-owed'; readonly state: PaymentState | undefined }

const WAIT_MS = 60_000
const LEASE_MS = 10_000
const POLL_MS = 250
const SOON = milliseconds(15_000)
/** An open refund is the operator's to go on with: the reconciler has nothing to ask about it. */
const NOT_SOON = milliseconds(365 * 86_400_000)

/** The payment is another's now: what is open is found by whoever has it. */
class LeaseLost extends Error {}

/** A record in our hands. */
interface Held {
  readonly record: PaymentRecord
  move(...args: MoveTo): Promise<void>
  renew(): Promise<void>
}
type MoveTo = [to: 'refunding' | 'refunded' | 'credited', refund?: PaymentRecord['refund']]

/**
 * Pays an open credit back to its payer.
 *
 * The signed transfer is written into the record before it is sent, so whoever goes on after a crash sends the same bytes,
 * and they move the money once. Only when those can never land is the credit open again, for another transfer.
 *
 * @throws StoreUnavailable, ChainUnavailable, TransferImpossible: then this call sent nothing that is not written down
 */
export async function refund(
  store: Store,
  treasury: Treasury,
  key: PaymentKey,
  { waitMs = WAIT_MS, leaseMs = LEASE_MS }: RefundOptions = {},
): Promise<RefundOutcome> {
  const known = await store.read(key)
  if (known?.state === 'refunded' && known.refund?.settlement)
    return { outcome: 'refunded', settlement: known.refund.settlement }
  if (!known || !isOwed(known)) return { outcome: 'not-owed', state: known?.state }
  const taken = await store.takeOver(key, milliseconds(leaseMs))
  if (!taken) return { outcome: 'busy' }
  const held = hold(store, key, taken.token, taken.record, leaseMs)
  try {
    // Between the look and the taking it may have been served, or refunded by somebody else.
    if (!isOwed(taken.record)) return { outcome: 'busy' }
    const open = taken.record.state === 'refunding' ? taken.record.refund?.attempt : undefined
    return await payBack(treasury, held, open ?? (await begin(treasury, held)), waitMs)
  } catch (error) {
    if (error instanceof LeaseLost) return { outcome: 'busy' }
    throw error
  }
}

function isOwed({ state, settlement }: PaymentRecord): boolean {
  return (state === 'credited' || state === 'refunding') && settlement !== undefined && settlement.amount > 0n
}

function hold(store: Store, key: PaymentKey, token: FencingToken, record: PaymentRecord, leaseMs: number): Held {
  return {
    record,
    async move(to, refund) {
      const lookIn = to === 'credited' ? SOON : NOT_SOON
      if (!(await store.move(key, token, { to, lookIn, ...(refund && { learnt: { refund } }) }))) throw new LeaseLost()
    },
    async renew() {
      if (!(await store.renew(key, token, milliseconds(leaseMs)))) throw new LeaseLost()
    },
  }
}

/** Signs the transfer and writes it down. What cannot be prepared leaves the credit as it was. */
async function begin(treasury: Treasury, held: Held): Promise<Attempt> {
  const { payer, asset, amount } = held.record.settlement as Settlement
  let attempt: Attempt
  try {
    attempt = await treasury.prepare(payer, asset, amount)
  } catch (error) {
    await held.move('credited')
    throw error
  }
  await held.move('refunding', { attempt })
  return attempt
}

/** Sends what is written down until the chain says what became of it, or time runs out. */
async function payBack(treasury: Treasury, held: Held, attempt: Attempt, waitMs: number): Promise<RefundOutcome> {
  const until = performance.now() + waitMs
  // Asked before it is sent: a transfer that an earlier run left open may have ended long ago.
  let seen = await ask(treasury, attempt)
  if (seen.outcome === 'unknown') await treasury.send(attempt)
  while (seen.outcome === 'unknown' && performance.now() < until) {
    await sleep(POLL_MS)
    await held.renew()
    seen = await ask(treasury, attempt)
  }
  const { transaction } = attempt
  const paid = held.record.settlement as Settlement
  switch (seen.outcome) {
    case 'settled': {
      // The bytes may name the payer's token account only, and spell an address otherwise.
      const settlement = { ...seen.settlement, asset: paid.asset, payTo: paid.payer }
      await held.move('refunded', { attempt, settlement })
      return { outcome: 'refunded', settlement }
    }
    case 'void':
      await held.move('credited')
      return { outcome: 'failed', transaction }
    case 'unknown':
      await held.move('refunding')
      return { outcome: 'pending', transaction }
  }
}

/** A node that does not answer leaves it unknown. */
async function ask(treasury: Treasury, attempt: Attempt): Promise<TransferOutcome> {
  try {
    return await treasury.outcome(attempt)
  } catch (error) {
    if (error instanceof ChainUnavailable) return { outcome: 'unknown' }
    throw error
  }
}
