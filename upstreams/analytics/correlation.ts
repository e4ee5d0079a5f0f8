import { sampleCorrelation } from 'simple-statistics'
import type { Instrument } from './market.ts'
import { returnsOf, type Window, windowStart } from './series.ts'

/** Pearson's r of two symbols' returns, and how many pairs of returns it rests on. */
export type Correlation = { value: number; observations: number }

type Prices = ReadonlyMap<string, number>

/** Adjusted closes by day from the window's first day on. */
function pricesFrom({ daily }: Instrument, start: string): Prices {
  const entries = daily.time.map((day, i) => [day, daily.adjusted[i] ?? Number.NaN] as const)
  return new Map(entries.filter(([day]) => day >= start))
}

/**
 * Correlates two series over the days both traded: prices are first cut to their common days, then simple returns are
 * taken between those. So a coin's weekend counts in its Friday-to-Monday return when set against a share.
 */
function correlate(a: Prices, b: Prices): Correlation {
  const common = [...a.keys()].filter((day) => b.has(day))
  const returns = (prices: Prices) => returnsOf(common.map((day) => prices.get(day) ?? Number.NaN))
  return { value: sampleCorrelation(returns(a), returns(b)), observations: common.length - 1 }
}

/** The symmetric matrix over a window's calendar days; 1 on the diagonal. */
export function correlationMatrix(instruments: readonly Instrument[], window: Window, asOf: string): Correlation[][] {
  const prices = instruments.map((instrument) => pricesFrom(instrument, windowStart(asOf, window)))
  const matrix: Correlation[][] = prices.map(() => [])
  prices.forEach((a, row) => {
    for (let column = row; column < prices.length; column++) {
      const cell =
        row === column
          ? { value: 1, observations: a.size - 1 }
          : correlate(a, prices[column] ?? new Map<string, number>())
      const [upper, lower] = [matrix[row], matrix[column]]
      if (upper) upper[column] = cell
      if (lower) lower[row] = cell
    }
  })
  return matrix
}
