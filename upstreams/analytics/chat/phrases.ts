import { at } from '../at.ts'
import { detailsOf } from '../details.ts'
import { gradeOf } from '../grade.ts'
import { indicesOf } from '../indices.ts'
import { levelsOf } from '../levels.ts'
import type { Instrument, Market } from '../market.ts'
import { quantMetrics } from '../metrics.ts'
import { moonshots } from '../moonshots.ts'
import { overviewOf } from '../overview.ts'
import { predict } from '../prediction.ts'
import type { Window } from '../series.ts'
import { signalOf } from '../signals.ts'
import { dollars, list, percent } from './words.ts'

const SPANS: Readonly<Record<Window, string>> = { '30d': '30 days', '90d': '90 days', '1y': 'year' }

function ratio(value: number | null): string {
  return value === null ? 'not defined' : value.toFixed(2)
}

export function riskOf(instrument: Instrument, window: Window): string {
  const { max_drawdown, volatility, sharpe, sortino, drawdown, best, worst } = quantMetrics(instrument, window)
  const extremes =
    best.day && worst.day
      ? ` Its best day was ${percent(best.day.return, true)} (${best.day.to}), its worst ${percent(worst.day.return)} (${worst.day.to}).`
      : ''
  return (
    `${instrument.asset.symbol} over the last ${SPANS[window]}: volatility ${percent(volatility)} a year, Sharpe ` +
    `${ratio(sharpe)}, Sortino ${ratio(sortino)}, deepest drawdown ${percent(max_drawdown)} (${drawdown.peak} to ` +
    `${drawdown.trough}).${extremes}`
  )
}

export function trendOf(instrument: Instrument): string {
  const { signal, score, votes, changed_at, return_since } = signalOf(instrument.daily)
  const reasons = votes.filter(({ vote }) => vote !== 0).map(({ reason }) => reason)
  return (
    `${instrument.asset.symbol} is ${signal} (score ${score.toFixed(2)}, from -1 to 1) since ${changed_at}, ` +
    `${percent(return_since, true)} since then: ${list(reasons)}.`
  )
}

export function supportOf(instrument: Instrument): string {
  const { levels, price } = levelsOf(instrument, '1d')
  const named = (kind: 'support' | 'resistance') =>
    levels
      .filter((level) => level.kind === kind)
      .sort((a, b) => Math.abs(a.distance) - Math.abs(b.distance))
      .slice(0, 3)
      .map((level) => `${dollars(level.price)} (${level.touches}×, strength ${level.strength.toFixed(0)})`)
  const below = list(named('support')) || 'none within a year'
  const above = list(named('resistance')) || 'none within a year'
  return `${instrument.asset.symbol} at ${dollars(price)}: support at ${below}; resistance at ${above}.`
}

export function gradedOf(instrument: Instrument): string {
  const { tm_grade, parts } = gradeOf(instrument)
  const graded = Object.entries(parts).map(
    ([name, { grade }]) => `${name} ${grade === null ? 'not gradable' : grade.toFixed(0)}`,
  )
  return `${instrument.asset.symbol} is graded ${tm_grade.toFixed(0)} of 100: ${list(graded)}.`
}

export function predictedOf(market: Market, instrument: Instrument): string {
  const { symbol, kind } = instrument.asset
  if (kind !== 'crypto') return `${symbol} is no coin, so the crypto market’s capitalisation says nothing on it.`
  const { scenarios, beta } = predict(market, instrument)
  const told = scenarios.map(
    ({ label, bear, base, moon }) => `at ${label} ${dollars(bear)} bear, ${dollars(base)} base, ${dollars(moon)} moon`,
  )
  return `${symbol} moves ${beta.toFixed(2)} times as much as the market; ${list(told)}. Scenarios, not forecasts.`
}

export function pricedOf(market: Market, instrument: Instrument): string {
  const { symbol, name, price, change, market_cap } = detailsOf(market, instrument)
  const cap = market_cap === null ? '' : ` Market cap ${dollars(market_cap)}.`
  const changes = `${percent(change['1d'], true)} on the day, ${percent(change['7d'], true)} in 7 days, ${percent(change['1y'], true)} in a year`
  return `${symbol} (${name}) stands at ${dollars(price)}: ${changes}.${cap}`
}

function best(instruments: readonly Instrument[], value: (instrument: Instrument) => number): string {
  return at(
    [...instruments].sort((a, b) => value(b) - value(a)),
    0,
  ).asset.symbol
}

export function comparisonOf(instruments: readonly Instrument[], window: Window): string {
  const metrics = (instrument: Instrument) => quantMetrics(instrument, window)
  const calm = best(instruments, (instrument) => -metrics(instrument).volatility)
  const reward = best(instruments, (instrument) => metrics(instrument).sharpe ?? Number.NEGATIVE_INFINITY)
  const gained = best(instruments, (instrument) => metrics(instrument).total_return)
  const graded = best(instruments, (instrument) => gradeOf(instrument).tm_grade)
  const rows = instruments.map((instrument) => {
    const { symbol, total_return, volatility, sharpe, max_drawdown } = metrics(instrument)
    const figures = [
      `return ${percent(total_return, true)}`,
      `volatility ${percent(volatility)}`,
      `Sharpe ${ratio(sharpe)}`,
    ]
    return `${symbol}: ${figures.join(', ')}, drawdown ${percent(max_drawdown)}, grade ${gradeOf(instrument).tm_grade.toFixed(0)}`
  })
  return (
    `Over the last ${SPANS[window]}, ${rows.join('; ')}. The calmest is ${calm}; the best return for its risk (Sharpe) ` +
    `had ${reward}; the highest return ${gained}; the highest grade has ${graded}.`
  )
}

export function marketOf(market: Market, window: Window): string {
  const { total_market_cap, dominance, volatility, sentiment, breadth, correlation } = overviewOf(market, window)
  const all = at(indicesOf(market), 0)
  return (
    `The market of ${market.coins.length} coins is worth ${dollars(total_market_cap)}, ${percent(all.change['30d'], true)} in 30 days; ` +
    `Bitcoin is ${percent(dominance)} of it. Volatility is ${volatility.regime} (${percent(volatility.volatility)} a year, ` +
    `higher than ${percent(volatility.percentile)} of the past), sentiment ${sentiment.toFixed(0)} of 100, ` +
    `${percent(breadth.above_sma50)} of coins above their 50-day average, mean correlation ${correlation.average.toFixed(2)}.`
  )
}

export function moonshotsOf(market: Market): string {
  const found = moonshots(market, { min_grade: 0, limit: 3 })
  const told = found.map(({ symbol, tm_grade, signal }) => `${symbol} (grade ${tm_grade.toFixed(0)}, ${signal})`)
  return `Graded highest: ${list(told)}.`
}
