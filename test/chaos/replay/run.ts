import type { ModelViolation } from '../model/run.ts'
import { choose } from './choose.ts'
import { replay } from './replay.ts'
import { openStage } from './stage.ts'

const INSTANCES = 2

export interface ReplayReport {
  readonly runs: number
  readonly violations: readonly Omit<ModelViolation, 'path'>[]
}

/** Chooses histories and plays each on real parts; one that broke a promise is given, and the others go on. */
export async function runReplay({
  runs,
  seed,
}: {
  readonly runs: number
  readonly seed: number
}): Promise<ReplayReport> {
  // The model stops the clocks of the process: nothing else may be open meanwhile.
  const chosen = await choose(runs, seed)
  const stage = await openStage(INSTANCES)
  const violations: Omit<ModelViolation, 'path'>[] = []
  try {
    for (const history of chosen)
      await replay(stage, history).catch((error: Error) => violations.push({ seed, broken: error.message, history }))
  } finally {
    await stage.close()
  }
  return { runs: chosen.length, violations }
}
