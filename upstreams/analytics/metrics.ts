import { mean, sampleStandardDeviation } from 'simple-statistics'
import { at } from './at.ts'
import { type Drawdown, drawdownOf } from './drawdown.ts'
import { type About, about, type Instrument } from './market.ts'
import { type Periods, periodsOf } from './periods.ts'
import { daysBetween, inWindow, returnsOf, type Window } from './series.ts'

/**
 * Figures of one window. All are fractions (0.1 = 10 %), those marked "a year" annualised by P = 365 periods (crypto) or
 * 252 (shares). They are over adjusted closes, so dividends count.
 *
 * With r the simple returns, n of them, and f = risk_free / P:
 * - volatility, a year: s·√P, s the sample deviation of r (divisor n − 1)
 * - Sharpe, a year: (mean(r) − f) / s · √P
 * - downside deviation, a year: d·√P, d = √(Σ min(0, r − f)² / n), over all n returns, target f
 * - Sortino, a year: (mean(r) − f) / d · √P
 * - CAGR: (p_end / p_start)^(365 / calendar days) − 1
 * A ratio with divisor 0 is `null`.
 */
export type QuantMetrics = About & {
  window: Window
  from: string
  to: string
  periods: number
  periods_per_year: 365 | 252
  risk_free: number
  total_return: number
  cagr: number
  volatility: number
  sharpe: number | null
  sortino: number | null
  downside_deviation: number
  drawdown: Omit<Drawdown, 'max_drawdown'>
  max_drawdown: number
  best: Periods
  worst: Periods
}

function ratio(numerator: number, divisor: number): number | null {
  return divisor > 0 ? numerator / divisor : null
}

/** Compound annual growth rate over calendar time: (end / start)^(365 / days) − 1. */
export function cagrOf(start: number, end: number, days: number): number {
  return (end / start) ** (365 / days) - 1
}

/** √(Σ min(0, r − target)² / n), over all n returns. */
export function downsideDeviation(returns: readonly number[], target: number): number {
  return Math.sqrt(mean(returns.map((r) => Math.min(0, r - target) ** 2)))
}

export function quantMetrics(instrument: Instrument, window: Window, riskFree = 0): QuantMetrics {
  const { periodsPerYear } = instrument.asset
  const { time, adjusted } = inWindow(instrument.daily, window)
  const [from, to] = [at(time, 0), at(time, -1)]
  const [start, end] = [at(adjusted, 0), at(adjusted, -1)]
  const returns = returnsOf(adjusted)
  const root = Math.sqrt(periodsPerYear)
  const target = riskFree / periodsPerYear
  const excess = mean(returns) - target
  const deviation = sampleStandardDeviation(returns)
  const downside = downsideDeviation(returns, target)
  const { max_drawdown, ...drawdown } = drawdownOf(adjusted, time)
  const sharpe = ratio(excess * root, deviation)
  const sortino = ratio(excess * root, downside)

  return {
    ...about(instrument),
    window,
    from,
    to,
    periods: returns.length,
    periods_per_year: periodsPerYear,
    risk_free: riskFree,
    total_return: end / start - 1,
    cagr: cagrOf(start, end, daysBetween(from, to)),
    volatility: deviation * root,
    sharpe,
    sortino,
    downside_deviation: downside * root,
    max_drawdown,
    drawdown,
    ...periodsOf(adjusted, time, periodsPerYear),
  }
}
