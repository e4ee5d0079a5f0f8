import { linearRegression, sum } from 'simple-statistics'
import { at, memoize } from './at.ts'
import { type About, about, type Instrument, type Market, totalMarketCap } from './market.ts'

/** Total market capitalisations asked about, in dollars. */
const TOTALS = [
  { label: '8T', total_market_cap: 8e12 },
  { label: '16T', total_market_cap: 16e12 },
  { label: '23T', total_market_cap: 23e12 },
  { label: '31T', total_market_cap: 31e12 },
] as const

/** Returns regressed: the last year's. */
const DAYS = 365

/** No elasticity below this is used, so that every price rises with the market. */
const LEAST = 0.25

export const METHOD =
  'price × (T / T0)^b. T0: today’s total of the covered coins. b: slope of the coin’s daily log returns on that total’s ' +
  'over 365 days, plus or minus two standard errors for moon and bear, at least 0.25. A scenario, not a forecast.'

export type Scenario = { label: string; total_market_cap: number; bear: number; base: number; moon: number }

export type Prediction = About & {
  price: number
  /** T0, dollars. */
  total_market_cap: number
  beta: number
  beta_error: number
  scenarios: Scenario[]
}

function logReturns(values: readonly number[]): number[] {
  return values.slice(1).map((value, i) => Math.log(value / at(values, i)))
}

/** Slope of y on x by least squares, and its standard error √(Σe² / (n − 2) / Σ(x − x̄)²). */
export function slopeOf(x: readonly number[], y: readonly number[]): { slope: number; error: number } {
  const line = linearRegression(x.map((value, i) => [value, at(y, i)]))
  const centre = sum([...x]) / x.length
  const residuals = sum(x.map((value, i) => (at(y, i) - line.b - line.m * value) ** 2))
  const spread = sum(x.map((value) => (value - centre) ** 2))
  return { slope: line.m, error: Math.sqrt(residuals / (x.length - 2) / spread) }
}

const predictions = memoize((market: Market) => {
  const totals = totalMarketCap(market)
  const now = at(totals, -1)
  const x = logReturns(totals.slice(-DAYS - 1))
  return memoize((instrument: Instrument): Prediction => {
    const { close } = instrument.daily
    const price = at(close, -1)
    const { slope, error } = slopeOf(x, logReturns(close.slice(-DAYS - 1)))
    const priceAt = (total: number, elasticity: number) => price * (total / now) ** Math.max(LEAST, elasticity)
    const scenarios = TOTALS.map(({ label, total_market_cap }) => ({
      label,
      total_market_cap,
      bear: priceAt(total_market_cap, slope - 2 * error),
      base: priceAt(total_market_cap, slope),
      moon: priceAt(total_market_cap, slope + 2 * error),
    }))
    return { ...about(instrument), price, total_market_cap: now, beta: slope, beta_error: error, scenarios }
  })
})

/** What a coin would cost at each total. For coins only: shares are no part of that market. */
export function predict(market: Market, instrument: Instrument): Prediction {
  return predictions(market)(instrument)
}
