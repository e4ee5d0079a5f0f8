import { expect, test } from 'vitest'
import { REACHES } from './coverage.ts'
import type { Event } from './events.ts'
import { play } from './history.ts'
import { measure, runModel } from './run.ts'

test('no history breaks an invariant', async () => {
  const report = await runModel({ runs: 300, seed: 1 })
  expect(report.violations).toEqual([])
  expect(report.runs).toBe(300)
}, 120_000)

test('the histories reach everything that they are there for, each in one of a hundred at least', async () => {
  const counts = await measure({ runs: 300, seed: 1 })
  expect(REACHES.filter((what) => (counts.get(what) ?? 0) < 3)).toEqual([])
}, 120_000)

test('a payment that meets no trouble is served once and booked once', async () => {
  const pay: Event = { does: 'pay', payer: 0, target: 0, instance: 0, id: 6, encoding: 0, hangsUp: -1 }
  const turns: Event = { does: 'turns', picks: Array.from({ length: 24 }, () => 0), blocks: 3 }
  const world = await play([
    pay,
    turns,
    turns,
    { does: 'again', pick: 0, instance: 1, encoding: 0, hangsUp: -1 },
    turns,
  ])
  expect(world.calls.slice(0, 2).map(({ got }) => got?.status)).toEqual([200, 402])
  expect(world.hits).toHaveLength(1)
  expect(world.chain.transfers()).toHaveLength(1)
})

test('a caller who hung up is given the same bytes again, and the upstream is not asked twice', async () => {
  const pay: Event = { does: 'pay', payer: 0, target: 0, instance: 0, id: 6, encoding: 0, hangsUp: 0 }
  const turns: Event = { does: 'turns', picks: Array.from({ length: 24 }, () => 0), blocks: 3 }
  const world = await play([
    pay,
    turns,
    turns,
    { does: 'again', pick: 0, instance: 1, encoding: 0, hangsUp: -1 },
    turns,
  ])
  expect(world.calls.slice(0, 2).map(({ got }) => [got?.status, got?.complete])).toEqual([
    [200, false],
    [200, true],
  ])
  expect(world.hits).toHaveLength(1)
})
