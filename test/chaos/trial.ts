import { setTimeout as sleep } from 'node:timers/promises'
import type { PaymentRecord } from '../../src/domain/record.ts'
import { type Agent, ask, buy, type Purchase } from './agent.ts'
import type { Chain, Signed } from './chains.ts'
import type { History, PaymentFacts } from './history.ts'
import { type Violation, violationsOf } from './invariants.ts'
import { type Lane, pathOf } from './lane.ts'
import type { Measured, Shape, Trial } from './plan.ts'
import { randomOf } from './random.ts'
import type { Message } from './tap.ts'

export interface Tried {
  /** At which messages the gateway was killed; undefined stands for a moment between two. */
  readonly kills: readonly (Message | undefined)[]
  readonly signed: readonly Signed[]
  readonly history: History
  readonly violations: readonly Violation[]
}

/** Runs one purchase with its crashes, waits until all of it has come to rest, and holds it against the invariants. */
export async function attempt(lane: Lane, trial: Trial): Promise<Tried> {
  const { tap, upstream } = lane
  const chain = lane.chains.get(trial.network) as Chain
  const offer = await lane.offer(trial)
  const mark = await chain.mark()
  lane.lookFrom(mark)
  lane.takeSeen()
  upstream.takeHits()
  lane.onKill(trial)
  const random = randomOf(trial.seed)
  const agent: Agent = {
    kind: trial.agent,
    hangsUp: trial.hangsUp,
    purchase: purchaseOf(trial, String(trial.seed)),
    url: lane.url,
    chain,
    offer,
    random,
    up: () => lane.up(),
  }
  const isAtMessage = trial.point !== undefined && 'n' in trial.point
  tap.arm(isAtMessage ? (trial.point as never) : undefined)
  const timer = trial.point && 'afterMs' in trial.point ? sleep(trial.point.afterMs).then(() => lane.kill()) : undefined
  const { signed, ending, ...bought } = await buy(agent)
  const answers = [...bought.answers]
  await timer
  if (ending === 'served') {
    // Whoever was served shows the same payment once more: it brings nothing new.
    const again = signed.find(({ id }) => id === answers.at(-1)?.payment) as Signed
    await lane.up()
    answers.push(await ask(agent, again))
  }
  tap.disarm()
  await tap.idle()
  await lane.up()
  const named = JSON.stringify(trial)
  for (const { id } of signed) lane.signedIn.set(id, named)
  const payments = await atRest(lane, chain, mark, signed, trial.hangsUp ? ABANDONED_MS : CLAIM_OVER_MS)
  const { kills, handedOver } = lane.takeSeen()
  const history: History = {
    trial: named,
    settle: trial.settle,
    payments,
    strays: (await chain.moved(mark)).map(({ id }) => lane.signedIn.get(id) ?? id).filter((one) => one !== named),
    hits: upstream.takeHits().map(({ payment, settled }) => ({ payment: payment?.split(':').at(-1), settled })),
    answers,
    handedOver,
    kept: trial.size !== 'large',
    ending,
  }
  return { kills, signed, history, violations: violationsOf(history) }
}

/** Which messages a purchase takes when nothing goes wrong, and how long. */
export async function measure(lane: Lane, shape: Shape, seed: number): Promise<Measured> {
  const chain = lane.chains.get(shape.network) as Chain
  const payment = await chain.sign(await lane.offer(shape))
  lane.tap.arm()
  const began = performance.now()
  const purchase = purchaseOf(shape, `measured-${seed}`)
  const { status } = await ask({ url: lane.url, purchase, random: randomOf(seed) }, payment)
  const ms = performance.now() - began
  const { messages } = lane.tap.disarm()
  if (status !== 200) throw new Error(`a purchase on ${shape.network} that nothing disturbed was answered ${status}`)
  return { shape, messages, ms }
}

function purchaseOf(shape: Shape, name: string): Purchase {
  const { method } = shape
  const target = `${pathOf(shape)}?trial=${name}`
  return method === 'POST' ? { method, target, body: JSON.stringify({ trial: name }) } : { method, target }
}

/** How long a payment may take to come to rest, its agent gone: leases, and the reconciler's round. */
const REST_MS = 15_000
const LOOK_EVERY_MS = 25
/** A claim of which nothing was sent may stay behind; it is at rest when its lease is surely over. */
const CLAIM_OVER_MS = 700
/** The gateway may still work on a request that was hung up on, and claim its payment only now. */
const ABANDONED_MS = 2_000

async function atRest(
  lane: Lane,
  chain: Chain,
  mark: string,
  signed: readonly Signed[],
  unsentMs: number,
): Promise<PaymentFacts[]> {
  const began = Date.now()
  for (;;) {
    const records = await Promise.all(signed.map(({ key }) => lane.books.record(key)))
    const waited = Date.now() - began
    if (records.every((record) => isAtRest(record, waited > unsentMs)) || waited > REST_MS) {
      const moved = await chain.moved(mark)
      return signed.map(({ id }, index) => factsOf(id, records[index], moved))
    }
    await sleep(LOOK_EVERY_MS)
  }
}

function isAtRest(record: PaymentRecord | undefined, isUnsentForGood: boolean): boolean {
  switch (record?.state) {
    case 'delivered':
    case 'credited':
    case 'refunded':
    case 'void':
      return true
    case undefined:
    case 'claimed':
      return isUnsentForGood
    case 'unknown':
      return record.reverted === true
    default:
      return false
  }
}

function factsOf(
  id: string,
  record: PaymentRecord | undefined,
  moved: Awaited<ReturnType<Chain['moved']>>,
): PaymentFacts {
  return {
    id,
    transfers: moved.filter((one) => one.id === id).map(({ transaction }) => transaction),
    state: record?.state ?? 'absent',
    reverted: record?.reverted === true,
    against: record?.against?.split(':').at(-1),
  }
}
