import { at, memoize } from './at.ts'
import { type Indicators, indicatorsOf } from './indicators.ts'
import { about, type Instrument } from './market.ts'
import type { Series } from './series.ts'

export const SIGNALS = ['bullish', 'neutral', 'bearish'] as const
export type Signal = (typeof SIGNALS)[number]

export type Vote = { name: string; vote: -1 | 0 | 1; weight: number; reason: string }
type Scored = { signal: Signal; score: number; votes: Vote[] }

/** The score at or beyond which, up or down, a signal is not neutral. */
const THRESHOLD = 0.3

function trend(close: number, { sma50, sma200 }: Known): Vote {
  const vote = close > sma50 && sma50 > sma200 ? 1 : close < sma50 && sma50 < sma200 ? -1 : 0
  const reason = {
    1: 'price above its 50-bar average, and that above the 200-bar one',
    '-1': 'price below its 50-bar average, and that below the 200-bar one',
    0: 'price and its 50 and 200-bar averages are out of order',
  }[vote]
  return { name: 'trend', vote, weight: 0.3, reason }
}

function momentum({ macd_histogram }: Known): Vote {
  const vote = macd_histogram > 0 ? 1 : -1
  return { name: 'macd', vote, weight: 0.25, reason: `MACD ${vote === 1 ? 'above' : 'below'} its signal line` }
}

function strength({ rsi14 }: Known): Vote {
  const stretched = rsi14 >= 70 || rsi14 <= 30
  const vote = stretched || rsi14 === 50 ? 0 : rsi14 > 50 ? 1 : -1
  const word = rsi14 >= 70 ? 'overbought' : rsi14 <= 30 ? 'oversold' : vote === 1 ? 'rising' : vote ? 'falling' : 'flat'
  return { name: 'rsi', vote, weight: 0.2, reason: `RSI 14 at ${rsi14.toFixed(1)}, ${word}` }
}

function reach(close: number, before: number, { atr14 }: Known): Vote {
  const moved = (close - before) / atr14
  const vote = moved >= 2 ? 1 : moved <= -2 ? -1 : 0
  return { name: 'reach', vote, weight: 0.15, reason: `moved ${moved.toFixed(1)} ATR in 20 bars` }
}

function breakout(close: number, { bollinger_lower, bollinger_upper }: Known): Vote {
  const vote = close > bollinger_upper ? 1 : close < bollinger_lower ? -1 : 0
  const where = vote === 1 ? 'above' : vote === -1 ? 'below' : 'inside'
  return { name: 'bollinger', vote, weight: 0.1, reason: `close ${where} its Bollinger bands` }
}

type Known = { [K in keyof Indicators]: number }

function isKnown(values: Indicators): values is Known {
  return Object.values(values).every((value) => value !== null)
}

/**
 * The signal of bar `i` (`null` before bar 200): score = Σ weight · vote, from −1 to 1; bullish from 0.3, bearish to
 * −0.3. Votes: trend 0.30, MACD histogram 0.25, RSI 0.20 (0 when stretched beyond 30 or 70), change over 20 bars of at
 * least 2 ATR 0.15, Bollinger breakout 0.10. Uses nothing later than the bar.
 */
export function scoreAt(series: Series, i: number): Scored | null {
  const values = at(indicatorsOf(series), i)
  if (!isKnown(values)) return null
  const close = at(series.close, i)
  const votes = [
    trend(close, values),
    momentum(values),
    strength(values),
    reach(close, at(series.close, i - 20), values),
    breakout(close, values),
  ]
  const sum = votes.reduce((total, { vote, weight }) => total + vote * weight, 0)
  // Sums such as 0.25 + 0.2 − 0.15 fall a rounding error short of the threshold.
  const score = Math.round(sum * 100) / 100
  return { signal: score >= THRESHOLD ? 'bullish' : score <= -THRESHOLD ? 'bearish' : 'neutral', score, votes }
}

/** The signal of the last bar, and since when it stands. */
export const signalOf = memoize((series: Series) => {
  const end = series.time.length - 1
  const last = scoreAt(series, end)
  if (!last) throw new RangeError('a signal needs 200 bars')
  let first = end
  while (first > 0 && scoreAt(series, first - 1)?.signal === last.signal) first--
  const price = at(series.close, end)
  return {
    ...last,
    price,
    changed_at: at(series.time, first),
    return_since: price / at(series.close, first) - 1,
    indicators: at(indicatorsOf(series), end),
  }
})

export function tradingSignal(instrument: Instrument) {
  return { ...about(instrument), interval: '1d' as const, ...signalOf(instrument.daily) }
}

export function hourlyTradingSignal(instrument: Instrument) {
  const { hourly, asset } = instrument
  if (!hourly) throw new RangeError(`${asset.symbol} has no hourly series`)
  const times = { symbol: asset.symbol, sample: asset.sample, as_of: at(hourly.time, -1) }
  return { ...times, interval: '1h' as const, ...signalOf(hourly) }
}
