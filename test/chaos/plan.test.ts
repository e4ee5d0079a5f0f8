import { describe, expect, test } from 'vitest'
import { Misuse, readOptions } from './options.ts'
import { type Measured, type Trial, trialsOf } from './plan.ts'
import { randomOf } from './random.ts'

const measured: Measured = {
  shape: { network: 'base', settle: 'before', method: 'GET', size: 'small' },
  ms: 10,
  messages: (['store', 'base', 'upstream', 'client'] as const).flatMap((link) =>
    [1, 2].flatMap((n) => [
      { link, direction: 'out', n, label: '' } as const,
      { link, direction: 'in', n, label: '' } as const,
    ]),
  ),
}
const plan = (seed: number, count: number, part = { index: 0, of: 1 }): Trial[] => {
  const trials = trialsOf([measured], randomOf(seed), { only: undefined, part, timed: 0, skews: [0] })
  return Array.from({ length: count }, () => trials.next().value as Trial)
}
const POINTS = measured.messages.length * 2

describe('a plan', () => {
  test('names each message, before and after, once in a round', () => {
    const points = plan(1, POINTS).map(({ point }) => JSON.stringify(point))
    expect(new Set(points).size).toBe(POINTS)
  })

  test('is the same for the same seed, and another for another', () => {
    expect(plan(7, 50)).toEqual(plan(7, 50))
    expect(plan(7, 50)).not.toEqual(plan(8, 50))
  })

  test('is shared out among lanes without a rest', () => {
    const lanes = [0, 1, 2].flatMap((index) =>
      plan(3, Math.ceil(POINTS / 3), { index, of: 3 }).map(({ point }) => JSON.stringify(point)),
    )
    expect(new Set(lanes).size).toBe(POINTS)
  })
})

describe('options', () => {
  test('a violation is seen again by the JSON it was reported with', () => {
    const [trial] = plan(1, 1)
    const asked = readOptions(['--trial', JSON.stringify({ store: 'redis', ...trial })])
    expect(asked.trial).toEqual(JSON.parse(JSON.stringify({ store: 'redis', ...trial })))
    expect(asked.networks).toEqual(['base'])
  })

  test.each([['--kills', '0'], ['--network', 'tron'], ['--only', 'moon'], ['--trial', '{'], ['--frobnicate']])(
    '%s %s is refused',
    (...args) => {
      expect(() => readOptions(args.filter((word) => word !== undefined))).toThrow(Misuse)
    },
  )
})
