import type { PaymentKey } from '../../../src/domain/ids.ts'
import { isExhausted, type PaymentState } from '../../../src/domain/record.ts'
import { fingerprintOf } from '../../../src/domain/request.ts'
import type { Call } from './facts.ts'
import { hold, isServed, ledgerOf } from './invariants.ts'
import { digestOf, nonceOf } from './payments.ts'
import type { ModelWorld } from './world.ts'

const ENDS: readonly (PaymentState | undefined)[] = ['delivered', 'credited', 'refunded']

/** What holds once the world has recovered: 3, 4 and 7. What a lost store knew is listed by the difference, and owed by nobody here. */
export async function assertSettledUp(world: ModelWorld): Promise<void> {
  const { chain, calls, lost } = world
  const ledger = await ledgerOf(world)
  const told = new Set(ledger.map(({ key }) => key))
  const keys = new Set(calls.map(({ key }) => key).filter((key) => !lost.has(key) || told.has(key)))
  let booked = 0n
  for (const key of keys) {
    const record = await world.store.read(key)
    const settled = chain.settled(nonceOf(key))
    const state = record?.state
    if (record === undefined || record.state === 'claimed' || record.against !== undefined) {
      hold(!settled || lost.has(key) || told.has(key), '3', () => `${key} is settled and ${state ?? 'forgotten'}`)
      continue
    }
    if (!settled) {
      hold(state === 'void', '7', () => `${key} is not settled and ${state}`)
      continue
    }
    hold(ENDS.includes(state), '3', () => `${key} is settled and ${state}`)
    if (state === 'delivered') wasHandedOver(world, key)
    if (state === 'refunded') await wasPaidBack(world, key)
    booked += record.settlement?.amount ?? 0n
    hold(record.settlement?.transaction === settled.transaction, '4', () => `${key} is booked by another transaction`)
  }
  const transfers = chain.transfers()
  const listed = transfers.filter(
    ({ transaction }) => !ledger.some(({ settlement }) => settlement?.transaction === transaction),
  )
  for (const { nonce } of listed)
    hold(
      [...lost].some((key) => nonceOf(key) === nonce),
      '3',
      () => `${nonce} is on the chain alone, and no store was lost`,
    )
  const sum = (amounts: readonly { amount: bigint }[]) => amounts.reduce((total, { amount }) => total + amount, 0n)
  const forgotten = transfers.filter(({ nonce }) => ![...keys].some((key) => nonceOf(key) === nonce))
  const onChain = sum(transfers) - sum(forgotten)
  if (world.now() < FORGETS_FROM) hold(booked === onChain, '4', () => `the ledger says ${booked}, the chain ${onChain}`)
}

const FORGETS_FROM = 1_800_000_000_000 + 3_600_000

/** 3: a payment is closed as delivered only where a response was, or may have been, handed over. */
function wasHandedOver({ begun, hits }: ModelWorld, key: PaymentKey): void {
  const whole = begun.some(({ payment, call }) => payment === key && isServed(call))
  // An event stream counts from its first event on, and what is too large to be kept when its last piece is let go.
  const counted = hits.some(({ payment, mood }) => payment === key && (mood === 'streams' || mood === 'pours'))
  hold(whole || counted, '3', () => `${key} is delivered, and nobody got it`)
}

/** 3: a refund has left the operator's wallet once, with what was paid. */
async function wasPaidBack({ treasury, store }: ModelWorld, key: PaymentKey): Promise<void> {
  const record = await store.read(key)
  const paid = treasury.paid().get(record?.refund?.settlement?.transaction ?? '')
  hold(paid !== undefined, '3', () => `${key} is refunded by no transaction`)
  hold(
    paid.amount === record?.settlement?.amount && paid.payTo === record.settlement.payer,
    '3',
    () => `${key}: wrong refund`,
  )
}

/** 3: every transfer back is one that the ledger tells of, and each credit is paid back once. */
export async function assertPaidBackOnce(world: ModelWorld): Promise<void> {
  const ledger = await ledgerOf(world)
  const paid = new Set<PaymentKey>()
  for (const transaction of world.treasury.paid().keys()) {
    const key = ledger.find(({ refund }) => refund?.attempt.transaction === transaction)?.key
    hold(key !== undefined || world.lost.size > 0, '3', () => `${transaction} paid back what no entry tells of`)
    hold(!key || !paid.has(key), '3', () => `${key} was paid back twice`)
    if (key) paid.add(key)
  }
}

/** Open credits with tries left, each with a call that it was bought for. */
export async function openCredits({ store, calls }: ModelWorld): Promise<(readonly [PaymentKey, Call])[]> {
  const open = new Map<PaymentKey, Call>()
  for (const call of calls) {
    const { key, target, signed } = call
    const record = await store.read(key)
    const isFor = record?.terms.request === fingerprintOf('GET', target, new Uint8Array())
    const isBy = record?.terms.signed === digestOf(signed)
    if (record?.state === 'credited' && isBy && isFor && !isExhausted(record)) open.set(key, call)
  }
  return [...open]
}
