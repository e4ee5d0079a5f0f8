import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Built, buildGateway } from './build.ts'
import { run, type Step } from './run.ts'

let built: Built
beforeAll(() => {
  built = buildGateway()
})
afterAll(() => built.remove())

const KILLS = 30
const LANES = 4

test(`${KILLS} kills at messages to store, chains, upstream and client break no promise`, async () => {
  const steps: Step[] = []
  const report = await run({
    kills: KILLS,
    seed: 20_260_101,
    lanes: LANES,
    networks: ['base', 'solana'],
    modes: ['before', 'parallel', 'after'],
    only: undefined,
    trial: undefined,
    dist: built.dist,
    progress: (step) => void steps.push(step),
  })
  expect(report.violations).toEqual([])
  expect(report.kills).toBeGreaterThanOrEqual(KILLS)
  expect(report.payments).toBeGreaterThanOrEqual(steps.filter(({ trial }) => trial).length)
}, 180_000)
