import { type FencingToken, type Milliseconds, milliseconds, type PaymentKey, seconds } from '../../domain/ids.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import {
  CLOSED_STATES,
  COPY_MEMORY_SECONDS,
  IDENTIFIER_MEMORY_SECONDS,
  isExhausted,
  type Move,
  NEXT_STATES,
  OWED_STATES,
  type PaymentRecord,
  type PaymentState,
  RESTING_STATES,
  UNSETTLED_STATES,
} from '../../domain/record.ts'
import { atRest, CREDITS, isClosed, type Kept, owedSet, type Tables, unsettledSet } from './tables.ts'

/** See Store.move. */
export function move(tables: Tables, key: PaymentKey, token: FencingToken, change: Move): boolean {
  const record = tables.record(key)
  if (record?.token !== token || !NEXT_STATES[record.state].includes(change.to)) return false
  const { to, learnt = {}, keep } = change
  const next: Kept = { ...heldBy(record, to), ...learnt, state: to }
  tables.put(key, next)
  if (keep) {
    tables.keep(key, keep)
    tables.forgetCopy(key, seconds(Math.ceil(tables.now() / 1_000 + COPY_MEMORY_SECONDS)))
  }
  index(tables, key, next)
  plan(tables, key, next, change.lookIn)
  if (CLOSED_STATES.includes(to)) closeCopy(tables, key, next)
  if (change.closes) closeCompanion(tables, change.closes, key, token, next)
  if (to !== record.state || learnt.attempt || learnt.settlement || learnt.refund)
    tables.append(entryOf(tables.now(), key, record, change))
  return true
}

/** At rest nobody holds a record; once the chain has said what became of it, whoever does is not asking any more. */
function heldBy(record: Kept, to: PaymentState): Kept {
  if (RESTING_STATES.includes(to)) return atRest(record)
  if (UNSETTLED_STATES.includes(to)) return record
  const { asking, ...held } = record
  return held
}

/** Keeps the indices that other questions are answered from. */
export function index(tables: Tables, key: PaymentKey, { state, terms, tries, served }: Kept): void {
  const put = (set: string, belongs: boolean) => (belongs ? tables.add(set, key) : tables.drop(set, key))
  const spent = served === true || (state === 'credited' && isExhausted({ tries: tries ?? 0 }))
  put(owedSet(key, terms.request), OWED_STATES.includes(state) && !spent)
  put(unsettledSet(key), UNSETTLED_STATES.includes(state))
  put(CREDITS, state === 'credited' || state === 'refunding')
}

/** When the record is looked at next, and when it may be forgotten: never while something is open, nor while a name stands for it. */
function plan(tables: Tables, key: PaymentKey, record: Kept, lookIn: Milliseconds | undefined): void {
  const { lease, forgetAfter, identifier } = record
  const closed = isClosed(record)
  const at = lookIn === undefined ? lease : tables.now() + lookIn
  tables.schedule(key, closed || at === undefined ? undefined : milliseconds(at))
  const named = identifier === undefined ? 0 : tables.now() / 1_000 + IDENTIFIER_MEMORY_SECONDS
  tables.expire(key, closed ? seconds(Math.ceil(Math.max(forgetAfter, named))) : undefined)
}

/** A delivered response is kept for the client that named its call, and for nobody else. */
function closeCopy(tables: Tables, key: PaymentKey, { state, identifier }: Kept): void {
  if (identifier === undefined || state !== 'delivered') tables.keep(key, undefined)
  else tables.forgetCopy(key, seconds(Math.ceil(tables.now() / 1_000 + IDENTIFIER_MEMORY_SECONDS)))
}

/**
 * The payment that brought the call is closed with the credit that paid for it, as soon as a response may have been handed
 * over whole; where nothing was delivered it is free again.
 */
function closeCompanion(
  tables: Tables,
  companion: PaymentKey,
  key: PaymentKey,
  token: FencingToken,
  { state, settlement, served }: Kept,
): void {
  const record = tables.record(companion)
  if (record?.token !== token || record.state !== 'claimed') return
  if (state === 'delivered' || (state === 'delivering' && served)) {
    tables.put(companion, { ...atRest(record), state: 'delivered', against: key, ...(settlement && { settlement }) })
    tables.append({ at: tables.now(), key: companion, event: 'delivered', terms: record.terms, against: key })
  } else if (RESTING_STATES.includes(state)) tables.remove(companion)
}

/** What the ledger keeps of a move; the terms with the first one. */
function entryOf(
  at: Milliseconds,
  key: PaymentKey,
  before: PaymentRecord,
  { to, learnt = {}, status }: Move,
): LedgerEntry {
  const { attempt, settlement, refund } = learnt
  return {
    at,
    key,
    event: to,
    ...(before.state === 'claimed' && { terms: before.terms }),
    ...(attempt?.transaction !== undefined && { transaction: attempt.transaction }),
    ...(settlement && { settlement }),
    ...(refund && { refund }),
    ...(status !== undefined && { status }),
  }
}
