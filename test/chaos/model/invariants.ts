import type { PaymentKey } from '../../../src/domain/ids.ts'
import type { LedgerEntry } from '../../../src/domain/ledger.ts'
import {
  CLOSED_STATES,
  MAX_DELIVERY_TRIES,
  NEXT_STATES,
  type PaymentState,
  UNSETTLED_STATES,
} from '../../../src/domain/record.ts'
import type { Begun, Call } from './facts.ts'
import { digestOf, keyOf, nonceOf, payerOf, SECRETS, type Signed } from './payments.ts'
import { modeOf, PAYEE, priceOf, SKEW_SECONDS } from './terms.ts'
import { LEASE_MS, type ModelWorld } from './world.ts'

/** A broken invariant (threats, Invariants), with its number. */
export class Broken extends Error {
  override readonly name = 'Broken'
}

export function hold(condition: boolean, invariant: string, what: () => string): asserts condition {
  if (!condition) throw new Broken(`${invariant}: ${what()}`)
}

/** The caller got an upstream's response to its end. */
export const isServed = ({ got }: Call): boolean => got?.from === 'upstream' && got.complete

/** A payment that was signed, is for the price of its route, and came as it was signed. */
const isHonest = ({ encoding, signed, target }: Call): boolean =>
  encoding !== 'forged' && encoding !== 'none' && signed.amount === priceOf(target) && signed.to === PAYEE

/** The chain itself refuses it by now, whatever the clocks say. */
const mayForget = ({ validBefore }: Signed, now: number): boolean => now / 1_000 > validBefore + SKEW_SECONDS

/** A ledger as far as it was written. */
export async function ledgerOf({ store }: ModelWorld): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = []
  for await (const entry of store.ledger()) entries.push(entry)
  return entries
}

/** What holds at every prefix of a history. 8 is not a rule of its own: instances, crashes, clocks and losses are in every history. */
export async function assertInvariants(world: ModelWorld): Promise<void> {
  for (const { got } of world.calls) hold(got?.status !== 500, 'no step throws', () => got?.body ?? '')
  servedIsSettled(world)
  oneResponse(world)
  const ledger = await ledgerOf(world)
  await chargedIsKnown(world, ledger)
  ledgerIsChain(world, ledger)
  unpaidIsUnserved(world)
  pricedIsForwarded(world)
  await statesGoForward(world, ledger)
  await oneKey(world, ledger)
  ownersOnly(world)
}

/** What a reorg has undone and a lost store has forgotten, nobody knows of: it is sold once more. */
const isForgotten = ({ lost, chain }: ModelWorld, { payment }: Begun): boolean =>
  lost.has(payment as PaymentKey) && chain.undone.has(nonceOf(payment))

/** 1: not a byte of a response leaves before the chain has held its payment's transfer, nor under a claim that is not known to be held. */
function servedIsSettled(world: ModelWorld): void {
  const { begun, chain, calls, now } = world
  for (const { payment, settled, looked } of begun) {
    hold(settled, '1', () => `${payment} was served before it was settled`)
    hold(looked <= LEASE_MS / 2, '1', () => `${payment} was served ${looked} ms after its claim was looked at`)
  }
  const whole = begun.filter((one) => isServed(one.call) && !isForgotten(world, one))
  const served = new Set(whole.map(({ serial }) => serial))
  hold(served.size <= chain.everSettled.size, '1', () => `${served.size} served, ${chain.everSettled.size} settled`)
  for (const { call, payment } of begun) {
    const { ended, troubled } = call
    if (!isServed(call) || !ended || troubled) continue
    const isOld = calls.some(({ key, signed }) => key === payment && mayForget(signed, now()))
    const isClosed = ended.state === 'delivered' || ended.state === 'unknown' || (isOld && ended.state === undefined)
    hold(isClosed, '1', () => `${payment} was handed over whole, and is ${ended.state}`)
  }
}

/** 2: one payment is answered with one response. What is too large to be kept may be begun again, and is completed once. */
function oneResponse(world: ModelWorld): void {
  for (const key of world.shared) hold(false, '2', () => `two work on ${key} at once`)
  const begun = world.begun.filter((one) => !isForgotten(world, one))
  const last = new Map<string, Begun>()
  for (const one of begun) {
    const before = last.get(one.payment)
    last.set(one.payment, one)
    if (!before || before.serial === one.serial) continue
    const again = before.mood.startsWith('pours')
    hold(again, '2', () => `${one.payment} was answered with ${before.serial} and with ${one.serial}`)
  }
  const whole = begun.filter(({ call }) => isServed(call))
  const paying = ({ payment }: Begun) => payment
  // A call that bears a name may be answered with the kept response of another that bore it; others bring one response only.
  const brought = ({ call, payment }: Begun) => (call.signed.id === undefined ? call.signed.nonce : payment)
  for (const name of [paying, brought]) {
    const bodies = new Map<string, string>()
    for (const one of whole) {
      const body = one.call.got?.body ?? ''
      const known = bodies.get(name(one)) ?? body
      bodies.set(name(one), body)
      hold(known === body, '2', () => `${name(one)} brought ${known} and ${body}`)
    }
  }
}

/** 3: what the chain has taken is on record, and its payer is not asked to pay for the call anew. */
async function chargedIsKnown(world: ModelWorld, ledger: readonly LedgerEntry[]): Promise<void> {
  const known = new Set(ledger.map(({ key }) => key))
  for (const key of world.overlooked)
    hold(false, '3', () => `${key} was open when another was claimed for the same call`)
  for (const { key, signed, answered, got, troubled } of world.calls.filter(isHonest)) {
    if (world.lost.has(key)) continue
    if (world.chain.everSent.has(signed.nonce))
      hold(known.has(key), '3', () => `${key} was sent and is not in the ledger`)
    if (world.chain.settled(signed.nonce)) {
      const state = (await world.store.read(key))?.state
      const isOpen = state === undefined ? mayForget(signed, world.now()) : state !== 'claimed' && state !== 'void'
      hold(isOpen, '3', () => `${key} is settled and ${state ?? 'forgotten'}`)
    }
    if (!got?.quoted || answered?.state === undefined) continue
    const said = (JSON.parse(got.body) as { code: string }).code
    if (world.chain.isDead(signed.nonce) || mayAskAnew(said, answered, troubled)) continue
    hold(!answered.settled, '3', () => `${key} was settled, ${answered.state}, and asked anew: ${said}`)
    const isOpen = UNSETTLED_STATES.includes(answered.state)
    hold(!isOpen || answered.reverted, '3', () => `${key} was ${answered.state}, and asked anew: ${said}`)
  }
}

/** Whether a 402 is in order: nothing is owed any more, or the one who said it could not know. */
function mayAskAnew(said: string, { state, reverted }: NonNullable<Call['answered']>, troubled: boolean): boolean {
  const closed: readonly (PaymentState | undefined)[] = ['delivered', 'refunding', 'refunded']
  if (closed.includes(state) || said === 'delivery_exhausted') return true
  // Its transaction had moved nothing; somebody else may have brought it to the chain since.
  if (reverted && said === 'invalid_transaction_state') return true
  // A gateway whose clock is off refuses what another one takes at the same time.
  if (said.includes('authorization_valid')) return true
  // One that stood still is told by the chain of what another has sent meanwhile.
  return troubled && said === 'payment_already_used'
}

/** 4: what is booked is on the chain, once, and to the atomic unit; what is on the chain is booked, or open. */
function ledgerIsChain({ chain, lost }: ModelWorld, ledger: readonly LedgerEntry[]): void {
  const booked = new Map<string, PaymentKey>()
  const last = new Map<PaymentKey, PaymentState>()
  const open = new Map<PaymentKey, string>()
  for (const { key, settlement, event } of ledger) {
    last.set(key, event)
    if (!settlement) continue
    const { transaction } = settlement
    hold(chain.everMined.has(transaction), '4', () => `${key} is booked by ${transaction}, which moved nothing`)
    hold((booked.get(transaction) ?? key) === key, '4', () => `${transaction} is booked twice`)
    booked.set(transaction, key)
    open.set(key, transaction)
  }
  for (const { payer, nonce, transaction, amount } of chain.transfers()) {
    const key = keyOf({ from: payer, nonce })
    if (open.get(key) === transaction) {
      const entry = ledger.findLast((one) => one.key === key && one.settlement)
      hold(entry?.settlement?.amount === amount, '4', () => `${key} is booked with another amount`)
      continue
    }
    const event = last.get(key)
    const isPending = event !== undefined && UNSETTLED_STATES.includes(event)
    // What a reorg has done is seen when the reconciler looks.
    const isOpen = isPending || chain.undone.has(nonce) || lost.has(key)
    hold(isOpen, '4', () => `${transaction} is on the chain, and the ledger says ${event} of ${key}`)
  }
}

/** 5: what is not paid for hits no upstream, nor before its turn; and one payment does not work the upstream without end. */
function unpaidIsUnserved({ hits, calls, begun, lost }: ModelWorld): void {
  const honest = new Set(calls.filter(isHonest).map(({ key }) => key as string))
  const tries = new Map<string, number>()
  for (const { payment, target, settled, state } of hits) {
    hold(honest.has(payment), '5', () => `an unpaid hit on ${target}: ${payment}`)
    if (modeOf(target) === 'before') hold(settled, '5', () => `${payment} was forwarded unsettled`)
    if (lost.has(payment as PaymentKey)) continue
    // Where it is forwarded first, a gateway that stood still for hours finds its claim gone only afterwards.
    const isHeld = state === undefined ? modeOf(target) === 'after' : state !== 'void'
    hold(isHeld, '5', () => `${payment} was forwarded while it was ${state ?? 'free'}`)
    if (modeOf(target) === 'parallel')
      hold(state !== 'claimed', '5', () => `${payment} was forwarded before it was written down`)
    if (state === 'delivering') tries.set(payment, (tries.get(payment) ?? 0) + 1)
  }
  for (const [payment, count] of tries)
    hold(count <= MAX_DELIVERY_TRIES, '5', () => `${payment} was forwarded ${count} times`)
  for (const call of calls.filter((one) => !isHonest(one))) {
    hold(!begun.some((one) => one.call === call), '5', () => `a call that brought no good payment was served`)
    const status = call.got?.status
    hold(status === undefined || status >= 400, '5', () => `a call that brought no good payment was answered ${status}`)
  }
}

/** 6: the upstream was asked for what was bought, and what was charged is its price. */
function pricedIsForwarded({ begun, hits, calls }: ModelWorld): void {
  for (const { call, target, payment } of begun) {
    hold(call.target === target, '6', () => `a call of ${call.target} was given ${target}`)
    const paid = calls.find(({ key }) => key === payment)?.signed.amount
    hold(paid === priceOf(target), '6', () => `${target} was sold for ${paid}`)
  }
  const bought = new Map<string, string>()
  for (const { payment, target, state } of hits) {
    if (state !== 'delivering') continue
    const before = bought.get(payment) ?? target
    bought.set(payment, target)
    hold(before === target, '6', () => `${payment} went to ${before} and to ${target}`)
  }
}

const SETTLED: readonly PaymentState[] = ['settled', 'delivering', 'delivered', 'credited', 'refunding', 'refunded']

/** 7: states go forward only, a reorg excepted; only what can never be spent is void; and the ledger tells of every one. */
async function statesGoForward(world: ModelWorld, ledger: readonly LedgerEntry[]): Promise<void> {
  const { chain, store, calls, now } = world
  const last = new Map<PaymentKey, PaymentState>()
  for (const { key, event, against } of ledger) {
    const before = last.get(key) ?? 'claimed'
    last.set(key, event)
    if (against !== undefined) {
      hold(before === 'claimed', '7', () => `${key} was ${before}, and redeems ${against}`)
      continue
    }
    hold(NEXT_STATES[before].includes(event), '7', () => `${key} went from ${before} to ${event}`)
    if (event === 'unknown' && SETTLED.includes(before))
      hold(chain.undone.has(nonceOf(key)), '7', () => `${key} was ${before} and is unknown, without a reorg`)
    if (event === 'void') hold(chain.isDead(nonceOf(key)), '7', () => `${key} is void and can still be spent`)
  }
  for (const { key, signed } of calls) {
    const record = await store.read(key)
    const told = last.get(key)
    if (record && record.state !== 'claimed')
      hold(record.state === told, '7', () => `${key} is ${record.state}, the ledger says ${told}`)
    else if (told) {
      const isOver = CLOSED_STATES.includes(told) && mayForget(signed, now())
      hold(!record && isOver, '7', () => `${key} was ${told}, and is ${record ? 'claimed' : 'forgotten'}`)
    }
  }
}

/** 9: however it is written, a payment has one key; and two authorizations that share a nonce share no record. */
async function oneKey({ calls, hits, begun, store, lost }: ModelWorld, ledger: readonly LedgerEntry[]): Promise<void> {
  const keys = new Set<string>(calls.map(({ signed }) => keyOf(signed)))
  for (const key of [...ledger.map((entry) => entry.key), ...hits.map(({ payment }) => payment)])
    hold(keys.has(key), '9', () => `nobody has signed ${key}`)
  for (const { call, payment } of begun) {
    if (call.key !== payment || lost.has(call.key)) continue
    const record = await store.read(call.key)
    const isSame = record === undefined || record.terms.signed === digestOf(call.signed)
    hold(isSame, '9', () => `${payment} was served to another authorization with its nonce`)
  }
}

/** 10: a response is its own payer's, and no secret goes anywhere. */
function ownersOnly({ begun, calls, hits, logged }: ModelWorld): void {
  for (const { call, payment } of begun)
    hold(payerOf(payment) === call.payer, '10', () => `${call.payer} was given the response of ${payment}`)
  const texts = [...calls.map(({ got }) => got?.body ?? ''), ...hits.map(({ headers }) => headers), ...logged]
  for (const text of texts)
    hold(!SECRETS.some((secret) => text.includes(secret)), '10', () => `a signature was told: ${text}`)
}
