import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawdownOf } from '../drawdown.ts'
import { cagrOf, downsideDeviation } from '../metrics.ts'
import { periodsOf } from '../periods.ts'
import { clusters, pivotsOf } from '../pivots.ts'
import { slopeOf } from '../prediction.ts'
import { regimeOf } from '../regime.ts'
import { daysBefore, indexAtOrBefore, returnsOf, type Series, windowStart } from '../series.ts'
import { weekly } from '../weekly.ts'

const price = fc.double({ min: 0.01, max: 1e6, noNaN: true })
const prices = fc.array(price, { minLength: 2, maxLength: 60 })
const named = (values: readonly unknown[]) => values.map((_, i) => daysBefore('2020-12-31', values.length - i))

function seriesOf(closes: readonly number[]): Series {
  return {
    time: named(closes),
    open: closes,
    high: closes,
    low: closes,
    close: closes,
    adjusted: closes,
    volume: closes,
  }
}

describe('drawdown', () => {
  it('of 100, 120, 90, 130, 117: a quarter, from the second to the third, made good by the fourth', () => {
    expect(drawdownOf([100, 120, 90, 130, 117], ['a', 'b', 'c', 'd', 'e'])).toEqual({
      max_drawdown: -0.25,
      peak: 'b',
      trough: 'c',
      recovered: 'd',
    })
  })

  it('is the deepest fall over every pair of an earlier and a later price', () => {
    fc.assert(
      fc.property(prices, (values) => {
        const falls = values.flatMap((early, i) => values.slice(i).map((late) => late / early - 1))
        expect(drawdownOf(values, named(values)).max_drawdown).toBe(Math.min(...falls))
      }),
    )
  })

  it('does not change with the unit of the price', () => {
    fc.assert(
      fc.property(prices, (values) => {
        const [one, eight] = [values, values.map((value) => value * 8)].map((some) => drawdownOf(some, named(some)))
        expect(eight).toEqual(one)
      }),
    )
  })
})

describe('ratios', () => {
  it('CAGR of a doubling in two years is √2 − 1, and in no matter how long 0 of no change', () => {
    expect(cagrOf(100, 200, 730)).toBeCloseTo(Math.SQRT2 - 1, 12)
    expect(cagrOf(7, 7, 30)).toBe(0)
  })

  it('downside counts all returns but only those under the target', () => {
    expect(downsideDeviation([0.03, -0.03, 0.05, -0.04], 0)).toBeCloseTo(0.025, 12)
    expect(downsideDeviation([0.01, 0.02], 0)).toBe(0)
    expect(downsideDeviation([0.01, 0.01], 0.02)).toBeCloseTo(0.01, 12)
  })

  it('the best and the worst period bracket the others; too short a window has none', () => {
    const { best, worst } = periodsOf([100, 110, 99, 99], ['a', 'b', 'c', 'd'], 252)
    expect(best.day).toMatchObject({ from: 'a', to: 'b' })
    expect(worst.day).toMatchObject({ from: 'b', to: 'c' })
    expect([best.week, worst.month]).toEqual([null, null])
  })

  it('a slope is found again, without error where points lie on a line', () => {
    const x = [1, 2, 3, 4, 7]
    const { slope, error } = slopeOf(
      x,
      x.map((value) => 3 * value - 1),
    )
    expect(slope).toBeCloseTo(3, 12)
    expect(error).toBeCloseTo(0, 12)
  })

  it('the regime is stressed after calm, calm after stress', () => {
    const path = (moves: readonly number[]) => {
      const made = [1]
      for (const move of moves) made.push((made.at(-1) ?? 1) * (1 + move))
      return made
    }
    const calm = Array.from({ length: 60 }, (_, i) => (i % 2 ? 0.001 : -0.001))
    const wild = Array.from({ length: 30 }, (_, i) => (i % 2 ? 0.08 : -0.07))
    expect(regimeOf(path([...calm, ...wild]), 30)).toMatchObject({ regime: 'stressed', percentile: 1 })
    expect(regimeOf(path([...wild, ...wild, ...calm.slice(30)]), 30).regime).toBe('calm')
  })
})

describe('pivots', () => {
  it('are turning points, the first of equals', () => {
    const found = pivotsOf(seriesOf([3, 4, 5, 5, 4, 3, 2, 3, 4]), 2)
    expect(found).toEqual([
      { index: 2, price: 5, kind: 'high' },
      { index: 6, price: 2, kind: 'low' },
    ])
  })

  it('cluster into groups no wider than the reach, each pivot in one', () => {
    fc.assert(
      fc.property(
        fc.array(price, { maxLength: 40 }),
        fc.double({ min: 0, max: 1000, noNaN: true }),
        (values, reach) => {
          const pivots = values.map((value, index) => ({ index, price: value, kind: 'high' as const }))
          const groups = clusters(pivots, reach)
          expect(groups.flat()).toHaveLength(pivots.length)
          for (const group of groups) {
            const range = group.map((pivot) => pivot.price)
            expect(Math.max(...range) - Math.min(...range)).toBeLessThanOrEqual(reach)
          }
        },
      ),
    )
  })
})

describe('time', () => {
  it.each([
    ['2018-05-11', '30d', '2018-04-11'],
    ['2018-05-11', '90d', '2018-02-10'],
    ['2018-05-11', '1y', '2017-05-11'],
    ['2020-02-29', '1y', '2019-03-01'],
  ] as const)('the window before %s of %s begins on %s', (asOf, window, start) => {
    expect(windowStart(asOf, window)).toBe(start)
  })

  it('a day between bars finds the one before, and a day before all the first', () => {
    const series = { ...seriesOf([1, 2, 3]), time: ['2018-05-04', '2018-05-07', '2018-05-08'] }
    expect(
      ['2018-05-03', '2018-05-04', '2018-05-06', '2018-05-07', '2019-01-01'].map((day) => indexAtOrBefore(series, day)),
    ).toEqual([0, 0, 0, 1, 2])
  })

  it('weeks run from Monday to Sunday', () => {
    const days = { ...seriesOf([1, 3, 2, 5]), time: ['2018-05-04', '2018-05-06', '2018-05-07', '2018-05-11'] }
    const { time, open, high, low, close, volume } = weekly(days)
    expect({ time, open, high, low, close, volume }).toEqual({
      time: ['2018-04-30', '2018-05-07'],
      open: [1, 2],
      high: [3, 5],
      low: [1, 2],
      close: [3, 5],
      volume: [4, 7],
    })
  })

  it('returns are one fewer than prices', () => {
    expect(returnsOf([100, 110, 99])).toEqual([110 / 100 - 1, 99 / 110 - 1])
  })
})
