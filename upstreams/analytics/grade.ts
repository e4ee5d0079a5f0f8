import { mean, sampleStandardDeviation } from 'simple-statistics'
import { at, memoize } from './at.ts'
import { indicatorsOf } from './indicators.ts'
import { type About, about, type Instrument, type Market, marketCap } from './market.ts'
import { quantMetrics } from './metrics.ts'
import { returnsOf } from './series.ts'
import { type Signal, signalOf } from './signals.ts'

/** A measured value, its score from 0 to 100, and its weight within the part. */
export type Input = { name: string; value: number; score: number; weight: number }
export type Part = { grade: number; inputs: Input[] } | { grade: null; reason: string }
export type PartName = 'trader' | 'investor' | 'fundamental' | 'technology'
export type Grade = About & {
  tm_grade: number
  signal: Signal
  /** The summed weight of the parts that could be graded. */
  coverage: number
  parts: Record<PartName, Part>
}

/** Weights of the parts; those that are `null` give theirs to the rest in proportion. */
export const WEIGHTS: Readonly<Record<PartName, number>> = {
  trader: 0.35,
  investor: 0.35,
  fundamental: 0.15,
  technology: 0.15,
}

/** 0 at `low` or under, 100 at `high` or over, straight in between. */
function scored(name: string, weight: number, value: number, low: number, high: number): Input {
  const share = (value - low) / (high - low)
  return { name, value, weight, score: 100 * Math.min(1, Math.max(0, share)) }
}

/** The weighted mean of the inputs' scores, over the weights there are. */
function part(inputs: Input[]): Part {
  const weight = inputs.reduce((sum, input) => sum + input.weight, 0)
  return { grade: inputs.reduce((sum, input) => sum + input.score * input.weight, 0) / weight, inputs }
}

/**
 * Weeks ahead, from price and volume alone:
 * - signal_score (0.5): the trading signal's score, −1 → 0, 1 → 100
 * - momentum (0.3): the sum of the last 30 returns / (their deviation · √30), −2 → 0, 2 → 100
 * - volume_ratio (0.2): mean volume of 20 bars / of 60 bars, 0.7 → 0, 1.3 → 100
 */
function trader({ daily }: Instrument): Part {
  const returns = returnsOf(daily.adjusted.slice(-31))
  const momentum = (mean(returns) * returns.length) / (sampleStandardDeviation(returns) * Math.sqrt(returns.length))
  const volume = mean(daily.volume.slice(-20)) / mean(daily.volume.slice(-60))
  return part([
    scored('signal_score', 0.5, signalOf(daily).score, -1, 1),
    scored('momentum', 0.3, momentum, -2, 2),
    scored('volume_ratio', 0.2, volume, 0.7, 1.3),
  ])
}

/**
 * Years ahead, risk for reward over the last year:
 * - sharpe (0.35): −1 → 0, 2.5 → 100
 * - sortino (0.2): −1 → 0, 4 → 100
 * - max_drawdown (0.25): −80 % → 0, none → 100
 * - above_sma200 (0.2): close / SMA 200 − 1, −40 % → 0, 40 % → 100
 */
function investor(instrument: Instrument): Part {
  const { sharpe, sortino, max_drawdown } = quantMetrics(instrument, '1y')
  const sma200 = at(indicatorsOf(instrument.daily), -1).sma200
  const inputs = [scored('max_drawdown', 0.25, max_drawdown, -0.8, 0)]
  if (sharpe !== null) inputs.push(scored('sharpe', 0.35, sharpe, -1, 2.5))
  if (sortino !== null) inputs.push(scored('sortino', 0.2, sortino, -1, 4))
  if (sma200) inputs.push(scored('above_sma200', 0.2, at(instrument.daily.close, -1) / sma200 - 1, -0.4, 0.4))
  return part(inputs)
}

/**
 * What a supply table allows:
 * - turnover (0.4): mean dollar volume of 30 bars / market cap, 0 → 0, 5 % → 100
 * - size (0.35): log10 of the market cap in dollars, 6 → 0, 12 → 100
 * - issued (0.25): circulating / maximal supply, 0.3 → 0, 1 → 100; left out where there is no maximum
 */
function fundamental(instrument: Instrument): Part {
  const cap = marketCap(instrument)
  const { supply } = instrument.asset
  if (cap === null || !supply) return { grade: null, reason: 'The data holds no share count and no accounts.' }
  const { close, volume } = instrument.daily
  const dollars = close.slice(-30).map((price, i) => price * at(volume, volume.length - 30 + i))
  const inputs = [scored('turnover', 0.4, mean(dollars) / cap, 0, 0.05), scored('size', 0.35, Math.log10(cap), 6, 12)]
  if (supply.max !== null) inputs.push(scored('issued', 0.25, supply.circulating / supply.max, 0.3, 1))
  return part(inputs)
}

/** The composite: Σ weight · grade / Σ weight over the parts that are not `null`; 0–100. */
export const gradeOf = memoize((instrument: Instrument): Grade => {
  const parts: Record<PartName, Part> = {
    trader: trader(instrument),
    investor: investor(instrument),
    fundamental: fundamental(instrument),
    technology: { grade: null, reason: 'The data holds nothing on source code or its development.' },
  }
  let sum = 0
  let coverage = 0
  for (const name of Object.keys(parts) as PartName[]) {
    const { grade } = parts[name]
    if (grade === null) continue
    sum += WEIGHTS[name] * grade
    coverage += WEIGHTS[name]
  }
  return { ...about(instrument), tm_grade: sum / coverage, signal: signalOf(instrument.daily).signal, coverage, parts }
})

/** Every coin's grade, the best first, equals by symbol. */
export const ranking = memoize(({ coins }: Market): Grade[] =>
  coins.map(gradeOf).sort((a, b) => b.tm_grade - a.tm_grade || (a.symbol < b.symbol ? -1 : 1)),
)
