import type { AgentKind } from './agent.ts'
import type { Random } from './random.ts'
import type { KillPoint, Link, Message } from './tap.ts'

export type NetworkName = 'base' | 'solana'
export type Settle = 'before' | 'parallel' | 'after'

/** What is bought. `sized` says its length beforehand; `large` is past what a gateway keeps a copy of. */
export interface Shape {
  readonly network: NetworkName
  readonly settle: Settle
  readonly method: 'GET' | 'POST'
  readonly size: 'small' | 'sized' | 'large'
}

/** One purchase, and how it goes wrong. As JSON it is how a violation can be seen again. */
export interface Trial extends Shape {
  readonly seed: number
  readonly agent: AgentKind
  readonly hangsUp: boolean
  /** Where the gateway dies: at a message, or so long after the request began. */
  readonly point: KillPoint | { readonly afterMs: number } | undefined
  /** Where it dies once more, counted from its new start. */
  readonly second: KillPoint | undefined
  /** How far the clock of the gateway is off that is started after the kill. */
  readonly skewMs: number
}

/** What was seen of a shape when nothing went wrong. */
export interface Measured {
  readonly shape: Shape
  readonly messages: readonly Message[]
  readonly ms: number
}

export interface PlanOptions {
  /** Kill at messages of this link alone. */
  readonly only: Link | 'chain' | undefined
  /** Which share of the points is this lane's: the index-th of so many. */
  readonly part: { readonly index: number; readonly of: number }
  /** A store that is no link is killed at random moments in this share of the trials. */
  readonly timed: number
  /** The clock may be another at each start; a store on the machine's own clock has one clock throughout. */
  readonly skews: readonly number[]
}

const SECOND_KILLS = 0.15
const HANG_UPS = 0.15
const AGENTS: readonly AgentKind[] = ['same', 'same', 'anew', 'anew', 'silent']
const LATEST_MESSAGE_OF_A_RETRY = 6
/** A paid request takes this much longer at times than when it was measured. */
const LATEST = 1.3

/**
 * Purchases such that over time each message of each shape is the last one, both before and after it is passed on.
 *
 * Every other one is of the plainest shape, so that its points all come before those of the many others do.
 */
export function* trialsOf(measured: readonly Measured[], random: Random, options: PlanOptions): Generator<Trial> {
  const points = random
    .shuffle(measured.flatMap((one) => pointsOf(one, options.only)))
    .filter((_, index) => index % options.part.of === options.part.index)
  if (points.length === 0) throw new Error('there is no message to kill at')
  const plain = points.filter(({ shape }) => isPlain(shape))
  const rest = points.filter(({ shape }) => !isPlain(shape))
  for (let turn = 0; ; turn++) {
    const turns = [plain, rest].filter((list) => list.length > 0)
    const list = turns[turn % turns.length] ?? points
    const { shape, point, ms } = list[Math.floor(turn / turns.length) % list.length] as Planned
    const isTimed = random.chance(options.timed)
    yield {
      ...shape,
      seed: random.below(2 ** 31),
      agent: random.pick(AGENTS),
      hangsUp: random.chance(HANG_UPS),
      point: isTimed ? { afterMs: random.below(Math.ceil(ms * LATEST)) } : point,
      second: random.chance(SECOND_KILLS)
        ? { ...random.pick(nearby(points, shape)).point, n: 1 + random.below(LATEST_MESSAGE_OF_A_RETRY) }
        : undefined,
      skewMs: random.pick(options.skews),
    }
  }
}

const isPlain = ({ settle, method, size }: Shape) => settle === 'before' && method === 'GET' && size === 'small'
const nearby = (points: readonly Planned[], { network }: Shape) => points.filter((one) => one.shape.network === network)

interface Planned {
  readonly shape: Shape
  readonly point: KillPoint
  readonly ms: number
}

/** Of the many pieces of a large body, those in the middle are all alike. */
const FIRST_PIECES = 4
const LAST_PIECES = 3

function pointsOf({ shape, messages, ms }: Measured, only: PlanOptions['only']): Planned[] {
  const last = (of: Message) =>
    Math.max(...messages.filter((one) => one.link === of.link && one.direction === of.direction).map(({ n }) => n))
  return messages
    .filter(({ link }) => only === undefined || link === only || (only === 'chain' && link === shape.network))
    .filter((message) => shape.size !== 'large' || message.n <= FIRST_PIECES || message.n > last(message) - LAST_PIECES)
    .flatMap(({ link, direction, n }) =>
      (['before', 'after'] as const).map((when) => ({ shape, ms, point: { link, direction, n, when } })),
    )
}

/** Everything that is bought in a run. */
export function shapesOf(networks: readonly NetworkName[], modes: readonly Settle[]): Shape[] {
  return networks.flatMap((network) =>
    modes.flatMap((settle): Shape[] => [
      { network, settle, method: 'GET', size: 'small' },
      { network, settle, method: 'GET', size: 'sized' },
      // Only what can be asked again without harm may be asked before it is settled.
      ...(settle === 'parallel' ? [] : [{ network, settle, method: 'POST', size: 'small' } as const]),
      { network, settle, method: 'GET', size: 'large' },
    ]),
  )
}
