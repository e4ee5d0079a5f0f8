import { quantileRankSorted, sampleStandardDeviation } from 'simple-statistics'
import { at } from './at.ts'
import { returnsOf } from './series.ts'

export const REGIMES = ['calm', 'normal', 'stressed'] as const

export type Regime = {
  regime: (typeof REGIMES)[number]
  /** A year: sample deviation of the last `periods` daily returns · √365. */
  volatility: number
  /** Where that stands among the volatilities of every stretch of that length, 0–1. */
  percentile: number
  periods: number
}

/** Calm up to this percentile, stressed from that one. */
const [CALM, STRESSED] = [1 / 3, 0.8]

/** The volatility regime of a daily price, over its last `periods` returns. */
export function regimeOf(prices: readonly number[], periods: number): Regime {
  const returns = returnsOf(prices)
  const history: number[] = []
  for (let end = periods; end <= returns.length; end++) {
    history.push(sampleStandardDeviation(returns.slice(end - periods, end)) * Math.sqrt(365))
  }
  const volatility = at(history, -1)
  const percentile = quantileRankSorted(
    [...history].sort((a, b) => a - b),
    volatility,
  )
  return {
    regime: percentile <= CALM ? 'calm' : percentile < STRESSED ? 'normal' : 'stressed',
    volatility,
    percentile,
    periods,
  }
}
