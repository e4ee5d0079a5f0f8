import { type FencingToken, type Milliseconds, milliseconds, type PaymentKey, seconds } from '../../domain/ids.ts'
import {
  answerKnown,
  type ClaimResult,
  IDENTIFIER_MEMORY_SECONDS,
  isExhausted,
  type NewClaim,
  UNSETTLED_STATES,
} from '../../domain/record.ts'
import type { Settlement } from '../../domain/settlement.ts'
import type { Grant, Taken } from '../../ports/store.ts'
import { index } from './move-rules.ts'
import {
  atRest,
  identifierName,
  isClosed,
  isLeased,
  type Kept,
  owedSet,
  type Tables,
  toRecord,
  unsettledSet,
} from './tables.ts'

/** See Store.claim. */
export function claim(tables: Tables, asked: NewClaim, lease: Milliseconds): ClaimResult {
  const { key, terms, forgetAfter, identifier } = asked
  const name = identifier && identifierName(key, identifier.id)
  const known = name === undefined ? undefined : tables.identifier(name)
  if (known && known.binding !== identifier?.binding) return { outcome: 'identifier-reused' }
  const own = tables.record(key)
  if (own) {
    const answer = answerKnown(own, terms)
    if (answer === 'spent' && known) {
      const named = known.key === key ? own : tables.record(known.key)
      if (named?.state === 'delivered') return stored(tables, known.key, named)
    }
    if (answer !== 'claim') return answerOwn(tables, key, own, answer, lease)
    const holder = holderOf(tables, own)
    if (isLeased(tables, holder)) return inFlight(tables, holder)
  }
  const before = known && known.key !== key ? throughIdentifier(tables, known.key, asked, lease) : undefined
  const result = before ?? earlier(tables, asked, lease)
  if (result) return result
  const token = tables.token()
  const held = { token, lease: tables.now() + lease }
  tables.put(key, { state: 'claimed', terms, forgetAfter, ...held, ...(name && { identifier: name }) })
  tables.expire(key, forgetAfter)
  remember(tables, asked, key)
  return { outcome: 'claimed', token, unsettled: unsettledBeside(tables, key) }
}

/** How many of the payer's other payments are not settled, those included that are claimed to be. Counts this one from now on. */
function unsettledBeside(tables: Tables, key: PaymentKey): number {
  const set = unsettledSet(key)
  const others = tables.members(set).filter((other) => {
    const record = other === key ? undefined : tables.record(other)
    if (!record) tables.drop(set, other)
    return record && (record.state !== 'claimed' || isLeased(tables, record))
  })
  tables.add(set, key)
  return others.length
}

/** The payment itself is known already: answered from its record. */
function answerOwn(
  tables: Tables,
  key: PaymentKey,
  own: Kept,
  answer: Exclude<ReturnType<typeof answerKnown>, 'claim'>,
  lease: Milliseconds,
): ClaimResult {
  const settlement = own.settlement as Settlement
  if (answer === 'other-request' || answer === 'void') return { outcome: answer }
  if (answer === 'spent' || answer === 'refunded') return { outcome: answer, settlement }
  // On its way back, or open again should that never land.
  if (answer === 'refunding') return { outcome: 'in-flight', retryAfter: ASK_AGAIN }
  if (isLeased(tables, own)) return inFlight(tables, own)
  if (answer === 'exhausted') return { outcome: answer, settlement }
  if (answer === 'owed') {
    const token = leased(tables, key, own, lease)
    return { outcome: answer, token, key, settlement, tries: own.tries ?? 0, kept: tables.copy(key) }
  }
  // A reorg has undone the settlement of what was served: the reconciler asks the chain, and nothing is served again.
  if (own.served) return { outcome: 'in-flight', retryAfter: ASK_AGAIN }
  return { outcome: 'unresolved', token: leased(tables, key, own, lease, true), record: toRecord(own) }
}

/** Whose lease counts: a payment that redeems a credit is worked on for as long as that one is, by the same token. */
function holderOf(tables: Tables, record: Kept): Kept {
  if (record.against === undefined) return record
  const credit = tables.record(record.against)
  return credit?.token === record.token && credit ? credit : atRest(record)
}

/** An identifier that stands for another payment: its service is this one's. Undefined where that payment came to nothing. */
function throughIdentifier(
  tables: Tables,
  other: PaymentKey,
  asked: NewClaim,
  lease: Milliseconds,
): ClaimResult | undefined {
  const record = tables.record(other)
  if (!record || record.state === 'void') return undefined
  if (record.state === 'delivered') return stored(tables, other, record)
  const holder = holderOf(tables, record)
  if (isLeased(tables, holder)) return inFlight(tables, holder)
  const settlement = record.settlement as Settlement
  switch (record.state) {
    case 'claimed':
      // Nothing was sent for it; its owner, should it still live, finds its claim gone.
      tables.remove(other)
      return undefined
    case 'settling':
    case 'unknown':
      return record.reverted ? undefined : earlierUnknown(tables, other)
    case 'refunding':
      return { outcome: 'in-flight', retryAfter: ASK_AGAIN }
    case 'refunded':
      return { outcome: 'refunded', settlement }
    default:
      return isExhausted(record) ? { outcome: 'exhausted', settlement } : redeem(tables, other, record, asked, lease)
  }
}

/** What an earlier payment by the same payer for the same request has left open; one that is being served is another purchase. */
function earlier(tables: Tables, asked: NewClaim, lease: Milliseconds): ClaimResult | undefined {
  for (const other of tables.members(owedSet(asked.key, asked.terms.request))) {
    const record = other === asked.key ? undefined : tables.record(other)
    if (!record) continue
    const unsettled = UNSETTLED_STATES.includes(record.state)
    // Mined without moving anything: the payer was told to pay anew. Or tried as often as it may be.
    if (unsettled ? record.reverted : isExhausted(record)) continue
    const leased = isLeased(tables, record)
    if (leased && !record.asking) continue
    if (leased || unsettled) return earlierUnknown(tables, other)
    return redeem(tables, other, record, asked, lease)
  }
  return undefined
}

/** Leases a credit for the payment that was claimed: one token for both. */
function redeem(tables: Tables, credit: PaymentKey, record: Kept, asked: NewClaim, lease: Milliseconds): ClaimResult {
  const { key, terms, forgetAfter, identifier } = asked
  const named = identifier ? { ...record, identifier: identifierName(key, identifier.id) } : record
  const token = leased(tables, credit, named, lease)
  tables.put(key, { state: 'claimed', terms, forgetAfter, token, lease: tables.now() + lease, against: credit })
  tables.expire(key, forgetAfter)
  remember(tables, asked, credit)
  const settlement = record.settlement as Settlement
  return { outcome: 'owed', token, key: credit, settlement, tries: record.tries ?? 0, kept: tables.copy(credit) }
}

/** See Store.renew: a credit's lease and that of the payment that redeems it are one. */
export function renew(tables: Tables, key: PaymentKey, token: FencingToken, lease: Milliseconds): boolean {
  const record = tables.record(key)
  if (record?.token !== token) return false
  tables.put(key, { ...record, lease: tables.now() + lease })
  return true
}

/** See Store.release. */
export function release(tables: Tables, key: PaymentKey, token: FencingToken): boolean {
  const record = tables.record(key)
  if (record?.token !== token || record.state !== 'claimed') return false
  tables.remove(key)
  tables.drop(unsettledSet(key), key)
  const { identifier: name } = record
  if (name && tables.identifier(name)?.key === key) tables.identify(name, undefined, seconds(0))
  return true
}

/** See Store.takeOver: what is closed is nobody's work any more, and neither is a claim of which nothing was sent. */
export function takeOver(tables: Tables, key: PaymentKey, lease: Milliseconds): Taken | undefined {
  const record = tables.record(key)
  if (!record || record.state === 'claimed' || isClosed(record)) {
    tables.schedule(key, undefined)
    return undefined
  }
  if (isLeased(tables, record)) {
    tables.schedule(key, milliseconds(record.lease as number))
    return undefined
  }
  const token = leased(tables, key, record, lease, true)
  tables.schedule(key, milliseconds(tables.now() + lease))
  return { token, record: toRecord(record) }
}

/** See Store.grant. */
export function grant(tables: Tables, { key, terms, settlement, forgetAfter }: Grant): boolean {
  const known = tables.record(key)
  if (known && (known.state !== 'credited' || isLeased(tables, known))) return false
  const record: Kept = known
    ? { ...known, tries: 0 }
    : { state: 'credited', terms, settlement, forgetAfter, final: true }
  tables.put(key, record)
  tables.expire(key, undefined)
  index(tables, key, record)
  tables.append({ at: tables.now(), key, event: 'credited', ...(!known && { terms, settlement }) })
  return true
}

/** @param asking to ask the chain, or for the operator: see Kept */
function leased(tables: Tables, key: PaymentKey, record: Kept, lease: Milliseconds, asking?: true): FencingToken {
  const token = tables.token()
  tables.put(key, { ...atRest(record), token, lease: tables.now() + lease, ...(asking && { asking }) })
  return token
}

function remember(tables: Tables, { key, identifier }: NewClaim, standsFor: PaymentKey): void {
  if (!identifier) return
  const until = seconds(Math.ceil(tables.now() / 1_000 + IDENTIFIER_MEMORY_SECONDS))
  tables.identify(identifierName(key, identifier.id), { binding: identifier.binding, key: standsFor }, until)
}

/** What is served from a credit has its copy there. */
function stored(tables: Tables, key: PaymentKey, { against = key, settlement }: Kept): ClaimResult {
  const response = tables.copy(against)
  if (!response) return { outcome: 'identifier-spent' }
  return { outcome: 'stored', settlement: settlement as Settlement, response }
}

function inFlight(tables: Tables, { lease = 0 }: Kept): ClaimResult {
  return { outcome: 'in-flight', retryAfter: seconds(Math.max(1, Math.ceil((lease - tables.now()) / 1_000))) }
}

const ASK_AGAIN = seconds(2)

function earlierUnknown(tables: Tables, key: PaymentKey): ClaimResult {
  // Whoever asks brings the chain's answer nearer.
  tables.schedule(key, tables.now())
  return { outcome: 'earlier-unknown', key, retryAfter: ASK_AGAIN }
}
