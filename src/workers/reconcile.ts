import { type Caip2, type FencingToken, type Milliseconds, milliseconds, type PaymentKey } from '../domain/ids.ts'
import type { Move, PaymentRecord } from '../domain/record.ts'
import { ChainUnavailable, type Network } from '../ports/network.ts'
import type { Parts } from '../ports/parts.ts'

/** What one pass came to, in payments. */
export interface ReconcileReport {
  /** Taken over and looked at. */
  looked: number
  /** Found to be settled, and recorded as a credit. */
  credited: number
  /** Found to be settled after all, once they had been served. */
  delivered: number
  /** Provably never to be spent. */
  void: number
  /** Settlements that the finalised chain holds. */
  final: number
  /** Settlements that a reorg has undone: open again. */
  reopened: number
  /** Still open: the chain has not said yet. */
  open: number
}

export interface ReconcileOptions {
  readonly leaseMs: number
  /** How many payments are looked at in one pass, and how many of them at once. */
  readonly limit?: number
  readonly concurrency?: number
}

type Needs = Pick<Parts, 'store' | 'networks' | 'facilitators' | 'clock' | 'log'>
type Outcome = Exclude<keyof ReconcileReport, 'looked'>
/** What the record becomes, and what that counts as. */
type Verdict = readonly [Outcome, Move]

const LIMIT = 256
const CONCURRENCY = 8
const SOON = milliseconds(2_000)
const LATER = milliseconds(15_000)
const A_DAY = milliseconds(86_400_000)

export function emptyReport(): ReconcileReport {
  return { looked: 0, credited: 0, delivered: 0, void: 0, final: 0, reopened: 0, open: 0 }
}

/**
 * Looks at every payment that is due: takes over what nobody works on any more, asks the chain, and writes down what it says.
 *
 * Nothing is guessed: what the chain does not tell stays open and is due again. Any number of instances may do this at once;
 * a payment is looked at by one of them.
 *
 * @throws StoreUnavailable
 */
export async function reconcileOnce(parts: Needs, options: ReconcileOptions): Promise<ReconcileReport> {
  const report = emptyReport()
  const due = [...(await parts.store.due(options.limit ?? LIMIT))]
  const away = new Set<Caip2>()
  const work = async (): Promise<void> => {
    for (let key = due.shift(); key !== undefined; key = due.shift()) {
      const outcome = await lookAt(parts, key, milliseconds(options.leaseMs), away)
      if (!outcome) continue
      report.looked++
      report[outcome]++
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.concurrency ?? CONCURRENCY, due.length) }, work))
  return report
}

/** Looks at one payment; undefined where somebody works on it, or has in the meantime. */
async function lookAt(
  parts: Needs,
  key: PaymentKey,
  lease: Milliseconds,
  away: Set<Caip2>,
): Promise<Outcome | undefined> {
  const taken = await parts.store.takeOver(key, lease)
  if (!taken) return undefined
  const stop = keepLease(parts, key, taken.token, lease)
  try {
    const [outcome, move] = await judge(parts, key, taken.record, away)
    if (!(await parts.store.move(key, taken.token, move))) return undefined
    if (outcome !== 'open' && outcome !== 'final') parts.log.info({ payment: key, outcome }, 'reconciled')
    return outcome
  } finally {
    stop()
  }
}

/** A chain that answers slowly must not cost the lease. */
function keepLease({ store }: Needs, key: PaymentKey, token: FencingToken, lease: Milliseconds): () => void {
  const beat = setInterval(() => void store.renew(key, token, lease).catch(() => undefined), lease / 3)
  beat.unref()
  return () => clearInterval(beat)
}

/** Passes while they get on: what piled up while a chain was away must not wait for as many pauses. */
export async function reconcile(parts: Needs, options: ReconcileOptions): Promise<void> {
  for (;;) {
    const { looked, open } = await reconcileOnce(parts, options)
    if (looked < (options.limit ?? LIMIT) || open === looked) return
  }
}

/** What is to be written down about a payment that nobody works on. */
async function judge(parts: Needs, key: PaymentKey, record: PaymentRecord, away: Set<Caip2>): Promise<Verdict> {
  const { network: id } = record.terms.transfer
  const network = parts.networks.get(id)
  // Its node did not answer a moment ago: the others must not wait for it.
  if (away.has(id)) return ['open', { to: resting(record), lookIn: SOON }]
  // A network that is not configured any more: nobody can be asked.
  if (!network) return ['open', { to: resting(record), lookIn: LATER }]
  try {
    switch (record.state) {
      case 'settling':
      case 'unknown':
        return await askAgain(parts, key, record, network)
      case 'settled':
      case 'delivering':
        // Whoever was to serve it is gone.
        return record.served
          ? ['delivered', { to: 'delivered', lookIn: network.finality }]
          : ['credited', { to: 'credited', lookIn: network.finality }]
      case 'refunding':
        // The operator's own to go on with: there is nothing to ask for the payer.
        return ['open', { to: 'refunding', lookIn: A_DAY }]
      default:
        return await review(key, record, network)
    }
  } catch (error) {
    if (!(error instanceof ChainUnavailable)) throw error
    away.add(id)
    return ['open', { to: resting(record), lookIn: SOON }]
  }
}

/** Where a record rests while nothing new is known of it. */
function resting({ state }: PaymentRecord): Move['to'] {
  return state === 'settling' ? 'unknown' : state
}

/** Asks the chain about an unknown outcome; the very bytes that were written down may be sent once more. */
async function askAgain(
  { facilitators, clock }: Needs,
  key: PaymentKey,
  record: PaymentRecord,
  network: Network,
): Promise<Verdict> {
  const { attempt, terms, served } = record
  const { payer, transfer } = terms
  if (attempt) await facilitators.get(transfer.network)?.resend(attempt)
  const found = await network.lookup({ key, payer, transfer }, attempt)
  switch (found.outcome) {
    case 'settled': {
      const to = served ? 'delivered' : 'credited'
      return [to, { to, learnt: { settlement: found.settlement }, lookIn: network.finality }]
    }
    case 'void':
      return ['void', { to: 'void' }]
    case 'unspent':
    case 'unknown':
      // Once it has ended there is only the finality of the chain to wait for.
      return ['open', { to: 'unknown', lookIn: clock.now() < transfer.endsBy ? SOON : LATER }]
  }
}

/** Looks at a settlement again: final, or undone by a reorg. */
async function review(key: PaymentKey, record: PaymentRecord, network: Network): Promise<Verdict> {
  const { state, settlement, final, terms } = record
  const rest: Move = { to: state, lookIn: LATER }
  if (!settlement || final) return ['final', { to: state, learnt: { final: true } }]
  switch (await network.review({ key, payer: terms.payer, transfer: terms.transfer }, settlement)) {
    case 'final':
      return ['final', { to: state, learnt: { final: true } }]
    case 'pending':
      return ['open', rest]
    case 'gone':
      return ['reopened', { to: 'unknown', lookIn: milliseconds(0) }]
  }
}
