import type { Violation } from './invariants.ts'
import { type Lane, type LaneOptions, openLane } from './lane.ts'
import { balancesOf, unequalSums } from './ledger.ts'
import { type Measured, type NetworkName, type Settle, shapesOf, type Trial, trialsOf } from './plan.ts'
import { randomOf } from './random.ts'
import type { Link, Message } from './tap.ts'
import { attempt, measure } from './trial.ts'

export type StoreKind = LaneOptions['store']

export interface RunOptions {
  readonly kills: number
  readonly seed: number
  readonly lanes: number
  readonly networks: readonly NetworkName[]
  readonly modes: readonly Settle[]
  /** Kill at messages of this link alone. */
  readonly only: Link | 'chain' | undefined
  /** Runs this one alone, on the store that it was found with. */
  readonly trial: (Trial & { readonly store: StoreKind }) | undefined
  /** Where the built gateway is. */
  readonly dist: string
  readonly progress: (step: Step) => void
}

export interface Step {
  readonly store: StoreKind
  readonly trial: Trial | undefined
  /** Where the gateway died; undefined stands for a moment between messages. */
  readonly kills: readonly (Message | undefined)[]
  readonly violations: readonly Violation[]
}

export interface RunReport {
  kills: number
  payments: number
  violations: Violation[]
}

/** Of a lane's trials this many in a row may end before their kill point comes: past that, the plan does not fit. */
const MAX_MISSED = 40
/** An embedded store is no link: there the gateway also dies at any moment. */
const TIMED_SHARE = { redis: 0, lmdb: 0.4 }
/** How far a clock may be off. An embedded store has its machine's clock, which does not change at a start. */
const SKEWS = { redis: [0, 0, 30_000, -30_000], lmdb: [0] }

/** Kills gateways at their messages, several side by side, until that was done often enough. */
export async function run(options: RunOptions): Promise<RunReport> {
  const report: RunReport = { kills: 0, payments: 0, violations: [] }
  const stores = options.trial ? [options.trial.store] : storesOf(options)
  const lanes = await Promise.allSettled(stores.map((_, index) => runLane(options, stores, index, report)))
  for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason
  return report
}

/** Every third lane has the embedded store. */
function storesOf({ lanes, only }: RunOptions): StoreKind[] {
  return Array.from({ length: lanes }, (_, index) => (index % 3 === 1 && only !== 'store' ? 'lmdb' : 'redis'))
}

async function runLane(options: RunOptions, stores: readonly StoreKind[], index: number, report: RunReport) {
  const store = stores[index] as StoreKind
  const lane = await openLane({ ...options, store })
  try {
    const opening = await balancesOf(lane)
    let missed = 0
    for await (const trial of planned(options, lane, stores, index)) {
      const { kills, violations, payments } = await once(lane, trial)
      report.kills += kills.length
      report.payments += payments
      report.violations.push(...violations)
      options.progress({ store, trial, kills, violations })
      missed = trial.point && kills.length === 0 ? missed + 1 : 0
      if (missed === MAX_MISSED) throw new Error(`${missed} purchases in a row ended before their kill point came`)
      if (report.kills >= options.kills) break
    }
    const unequal = (await unequalSums(lane, opening)).map((what) => ({
      invariant: 'the ledger equals the chain',
      what,
      trial: `a run with seed ${options.seed} on ${store}`,
    }))
    report.violations.push(...unequal)
    options.progress({ store, trial: undefined, kills: [], violations: unequal })
  } finally {
    await lane.close()
  }
}

/** The lane's share of all kill points, found by buying each thing once undisturbed; or the one trial that was asked for. */
async function* planned(
  { trial, networks, modes, seed, only }: RunOptions,
  lane: Lane,
  stores: readonly StoreKind[],
  index: number,
): AsyncGenerator<Trial> {
  const shapes = trial ? [trial] : shapesOf(networks, modes)
  const measured: Measured[] = []
  // The first purchases also teach a new Redis its scripts: no later one has those messages.
  for (const [round, shape] of [...shapes, ...shapes].entries()) {
    const one = await measure(lane, shape, round)
    if (round >= shapes.length) measured.push(one)
  }
  if (trial) return yield trial
  const { store } = lane
  const part = {
    index: stores.slice(0, index).filter((other) => other === store).length,
    of: stores.filter((other) => other === store).length,
  }
  const plan = { only, part, timed: only === undefined ? TIMED_SHARE[store] : 0, skews: SKEWS[store] }
  // The lanes of one store cut their shares out of the same order.
  yield* trialsOf(measured, randomOf(seed), plan)
}

/** A trial that cannot be brought to its end is a violation as well: the gateway did not come back, or did not answer. */
async function once(lane: Lane, trial: Trial): Promise<Omit<Step, 'store' | 'trial'> & { payments: number }> {
  const named = JSON.stringify({ store: lane.store, ...trial })
  try {
    const { kills, violations, signed } = await attempt(lane, trial)
    return { kills, payments: signed.length, violations: violations.map((one) => ({ ...one, trial: named })) }
  } catch (error) {
    const what = `${(error as Error).message}; it said last: ${lane.gateway.lastLines().slice(-3).join(' | ')}`
    await lane.up()
    return { kills: [], payments: 0, violations: [{ invariant: 'the gateway starts again', what, trial: named }] }
  }
}
