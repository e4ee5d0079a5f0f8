import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Event } from '../model/events.ts'
import { choose } from './choose.ts'
import { replay } from './replay.ts'
import { openStage, type Stage } from './stage.ts'

let chosen: (readonly Event[])[]
let stage: Stage
beforeAll(async () => {
  // The model stops the clocks of the process: nothing else may be open meanwhile.
  chosen = await choose(8, 1)
  stage = await openStage(2)
})
afterAll(() => stage.close())

test('histories of the model keep every promise on real parts', async () => {
  let served = 0
  let settled = 0
  for (const history of chosen) {
    const { calls, used } = await replay(stage, history)
    served += calls.filter(({ got }) => got?.status === 200).length
    settled += used.length
  }
  expect(served).toBeGreaterThan(0)
  expect(settled).toBeGreaterThan(0)
}, 120_000)
