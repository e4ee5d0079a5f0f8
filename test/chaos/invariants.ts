import { MAX_DELIVERY_TRIES } from '../../src/domain/record.ts'
import type { AnswerFacts, History, PaymentFacts } from './history.ts'

/** A promise that was broken, with how to see it again. */
export interface Violation {
  readonly invariant: string
  readonly what: string
  readonly trial: string
  /** All that was seen, where the violation is one purchase's. */
  readonly seen?: Omit<History, 'trial'>
}

type Check = (history: History) => string[]

const CHECKS: Readonly<Record<string, Check>> = {
  'one payment, one response': servedOnce,
  'no byte unpaid': nothingUnpaid,
  'no charge for nothing': nothingForNothing,
  'served from a credit, not charged': companionsUnspent,
  'unpaid hits no upstream': hitsPaid,
  'the upstream is called a bounded number of times': hitsBounded,
  'an unknown outcome ends': endsKnown,
  'an agent that asks again is served, or told why not': agentEnds,
}

/** Holds what happened against the promises (threats.md, invariants 1 to 5 and 7). */
export function violationsOf(history: History): Violation[] {
  const { trial, ...seen } = history
  return Object.entries(CHECKS).flatMap(([invariant, check]) =>
    check(history).map((what) => ({ invariant, what, trial, seen })),
  )
}

/** Invariant 2. The same bytes may be sent again; other ones, completed, may not. */
function servedOnce({ answers }: History): string[] {
  const sold = answers.filter((answer) => answer.complete && answer.serial !== undefined)
  return [
    ...repeated(sold, ({ transaction }) => transaction).map(
      ([transaction, serials]) => `the settlement ${transaction} brought ${serials} different responses`,
    ),
    ...repeated(sold, ({ payment }) => payment).map(
      ([payment, serials]) => `the payment ${payment} brought ${serials} different responses`,
    ),
  ]
}

function repeated(
  answers: readonly AnswerFacts[],
  by: (answer: AnswerFacts) => string | undefined,
): [name: string, serials: number][] {
  const serials = new Map<string, Set<number | undefined>>()
  for (const answer of answers) {
    const name = by(answer)
    if (name !== undefined) serials.set(name, (serials.get(name) ?? new Set()).add(answer.serial))
  }
  return [...serials].filter(([, all]) => all.size > 1).map(([name, all]) => [name, all.size])
}

/** Invariant 1: nothing of a sold response, whole or not, without a transfer that pays for it. */
function nothingUnpaid({ answers, payments }: History): string[] {
  const transfers = new Set(payments.flatMap((payment) => payment.transfers))
  return answers
    .filter(({ status = 0, transaction }) => status < 300 && status >= 200 && !transfers.has(transaction ?? ''))
    .map(
      ({ status, transaction }) =>
        `a ${status} came with the receipt ${transaction}, which is no transfer of the trial`,
    )
}

/** Invariant 3: each confirmed transfer is one delivery or an open credit, and no authorization moves money twice. */
function nothingForNothing({ payments, strays, ...history }: History): string[] {
  const late = strays.map((trial) => `an earlier purchase was charged after all was said to be over: ${trial}`)
  return late.concat(
    payments.filter(isSpent).flatMap(({ id, transfers, state, against }) => {
      const wrong: string[] = []
      if (transfers.length > 1) wrong.push(`${id} moved money ${transfers.length} times`)
      const isOwed = state === 'credited' || state === 'refunding' || state === 'refunded'
      if (state !== 'delivered' && !isOwed) wrong.push(`${id} was charged (${transfers[0]}) and is "${state}"`)
      if (state === 'delivered' && against === undefined && !wasHandedOver(transfers, history))
        wrong.push(
          `${id} was charged (${transfers[0]}) and counts as delivered, but no whole response left the gateway`,
        )
      return wrong
    }),
  )
}

function companionsUnspent({ payments }: History): string[] {
  return payments
    .filter(({ against }) => against !== undefined)
    .filter(isSpent)
    .map(({ id, against }) => `${id} was served from the credit of ${against}, and charged too`)
}

/** Invariant 5, and T8: what reaches the upstream was settled before, where the route settles before. */
function hitsPaid({ hits, payments, settle }: History): string[] {
  const ids = new Set(payments.map(({ id }) => id))
  return hits.flatMap(({ payment, settled }) => {
    if (payment === undefined || !ids.has(payment)) return [`the upstream was called for ${payment ?? 'no payment'}`]
    return settled || settle !== 'before' ? [] : [`the upstream was called for ${payment} before it was settled`]
  })
}

/** T8. Where a route asks its upstream before it settles, each request of the agent may do so once. */
function hitsBounded({ hits, payments, answers }: History): string[] {
  return payments.flatMap(({ id }) => {
    const own = hits.filter(({ payment }) => payment === id)
    const settled = own.filter((hit) => hit.settled).length
    const asked = answers.filter(({ payment }) => payment === id).length
    const wrong: string[] = []
    if (settled > MAX_DELIVERY_TRIES) wrong.push(`the upstream was called ${settled} times for ${id}, settled`)
    if (own.length - settled > asked)
      wrong.push(
        `the upstream was called ${own.length - settled} times for ${id} before it settled, in ${asked} requests`,
      )
    return wrong
  })
}

/** Invariant 7 and promise 5. What was mined without moving anything stays open until its authorization has ended. */
function endsKnown({ payments }: History): string[] {
  return payments
    .filter((payment) => !isSpent(payment) && !payment.reverted)
    .filter(({ state }) => state === 'settling' || state === 'unknown' || state === 'settled' || state === 'delivering')
    .map(({ id, state }) => `${id} was not charged and is still "${state}"`)
}

/** Refusals after which an agent has nothing more to do by itself. */
const FINAL_CODES = ['payment_already_used', 'delivery_exhausted']

function agentEnds({ ending, answers, payments, ...history }: History): string[] {
  if (ending === 'served' || ending === 'silent') return []
  const last = answers.at(-1)
  const said = `${last?.status ?? 'a broken connection'} ${last?.code ?? ''}`.trim()
  if (ending === 'gave-up') return [`the agent was still not served when its time was up; the last answer was ${said}`]
  if (!last?.hint || !FINAL_CODES.includes(last.code ?? '')) return [`the agent was turned away with ${said}`]
  const isLostOnTheWay = payments.some(({ transfers }) => wasHandedOver(transfers, history))
  return last.code === 'payment_already_used' && !isLostOnTheWay
    ? ['the agent was told that its payment is used, and no whole response had left the gateway']
    : []
}

/**
 * Whether a response to one of these transfers left the gateway, so that only the network can have lost it.
 *
 * What is too large to be kept cannot be sent again as it was. It counts from before its last piece on: a record made
 * afterwards would let a crash between the two complete a second, other response (threats.md, invariant 2).
 */
function wasHandedOver(
  transfers: readonly string[],
  { handedOver, kept }: Pick<History, 'handedOver' | 'kept'>,
): boolean {
  return handedOver.some(({ transaction, whole }) => (whole || !kept) && transfers.includes(transaction))
}

const isSpent = ({ transfers }: PaymentFacts): boolean => transfers.length > 0
