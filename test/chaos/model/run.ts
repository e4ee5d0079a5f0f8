import fc from 'fast-check'
import { reached } from './coverage.ts'
import type { Event } from './events.ts'
import { histories } from './generate.ts'
import { play } from './history.ts'

export interface ModelOptions {
  readonly runs: number
  readonly seed?: number | undefined
  /** False: a broken history is given as it was found. */
  readonly shrink?: boolean
}

/** A history that broke an invariant, cut down to what is needed for it. */
export interface ModelViolation {
  readonly seed: number
  readonly path: string
  readonly broken: string
  readonly history: readonly Event[]
}

/** How many histories have reached what. */
export type Reached = ReadonlyMap<string, number>

export interface ModelReport {
  readonly runs: number
  readonly violations: readonly ModelViolation[]
}

/** Plays histories and counts what they reach; before the world recovers, so that only what they did themselves counts. */
export async function measure({ runs, seed = 1 }: ModelOptions): Promise<Reached> {
  const counts = new Map<string, number>()
  for (const history of fc.sample(histories, { numRuns: runs, seed }))
    await play(history, async (world) => {
      for (const what of await reached(world)) counts.set(what, (counts.get(what) ?? 0) + 1)
    })
  return counts
}

/** Plays random histories over the real steps; a broken one is shrunk and given with the seed that plays it again. */
export async function runModel({ runs, seed, shrink = true }: ModelOptions): Promise<ModelReport> {
  const property = fc.asyncProperty(histories, async (history) => void (await play(history)))
  const details = await fc.check(property, {
    numRuns: runs,
    endOnFailure: !shrink,
    ...(seed !== undefined && { seed }),
  })
  if (!details.failed) return { runs: details.numRuns, violations: [] }
  const [history] = details.counterexample ?? [[]]
  const broken = details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance)
  return {
    runs: details.numRuns,
    violations: [{ seed: details.seed, path: details.counterexamplePath ?? '', broken, history }],
  }
}
