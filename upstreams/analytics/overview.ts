import { mean } from 'simple-statistics'
import { at, memoize } from './at.ts'
import { correlationMatrix } from './correlation.ts'
import { indicatorsOf } from './indicators.ts'
import { type Market, marketCap, totalMarketCap } from './market.ts'
import { type Regime, regimeOf } from './regime.ts'
import type { Window } from './series.ts'
import { signalOf } from './signals.ts'

/** The market as a whole. Shares 0–1, dollars. */
export type Overview = {
  as_of: string
  sample: true
  window: Window
  total_market_cap: number
  /** Bitcoin's share of the total. */
  dominance: number
  /** Shares of the coins: above their averages, and with each signal. */
  breadth: { above_sma50: number; above_sma200: number; bullish: number; bearish: number }
  /** Of the total market capitalisation. */
  volatility: Regime
  /** 0–100: 100 · mean(above_sma50, bullish, 1 − volatility percentile). */
  sentiment: number
  /** Pearson, of daily returns; `average` over the pairs of coins. */
  correlation: { symbols: string[]; matrix: number[][]; observations: number[][]; average: number }
}

const RETURNS: Readonly<Record<Window, number>> = { '30d': 30, '90d': 90, '1y': 365 }

function breadthOf({ coins }: Market): Overview['breadth'] {
  const share = (holds: (coin: (typeof coins)[number]) => boolean) => coins.filter(holds).length / coins.length
  const above = (average: 'sma50' | 'sma200') =>
    share(({ daily }) => at(daily.close, -1) > (at(indicatorsOf(daily), -1)[average] ?? Number.POSITIVE_INFINITY))
  return {
    above_sma50: above('sma50'),
    above_sma200: above('sma200'),
    bullish: share(({ daily }) => signalOf(daily).signal === 'bullish'),
    bearish: share(({ daily }) => signalOf(daily).signal === 'bearish'),
  }
}

function correlationOf(market: Market, window: Window): Overview['correlation'] {
  const matrix = correlationMatrix(market.instruments, window, market.asOf)
  const isCoin = market.instruments.map(({ asset }) => asset.kind === 'crypto')
  const pairs = matrix.flatMap((row, i) => row.filter((_, j) => j > i && isCoin[i] && isCoin[j]))
  return {
    symbols: market.instruments.map(({ asset }) => asset.symbol),
    matrix: matrix.map((row) => row.map(({ value }) => value)),
    observations: matrix.map((row) => row.map(({ observations }) => observations)),
    average: mean(pairs.map(({ value }) => value)),
  }
}

function compute(market: Market, window: Window): Overview {
  const totals = totalMarketCap(market)
  const total = at(totals, -1)
  const bitcoin = market.coins.find(({ asset }) => asset.symbol === 'BTC')
  const breadth = breadthOf(market)
  const volatility = regimeOf(totals, RETURNS[window])
  return {
    as_of: market.asOf,
    sample: true,
    window,
    total_market_cap: total,
    dominance: ((bitcoin && marketCap(bitcoin)) ?? 0) / total,
    breadth,
    volatility,
    sentiment: 100 * mean([breadth.above_sma50, breadth.bullish, 1 - volatility.percentile]),
    correlation: correlationOf(market, window),
  }
}

const known = {
  '30d': memoize((market: Market) => compute(market, '30d')),
  '90d': memoize((market: Market) => compute(market, '90d')),
  '1y': memoize((market: Market) => compute(market, '1y')),
}

export function overviewOf(market: Market, window: Window): Overview {
  return known[window](market)
}
