import { mean } from 'simple-statistics'
import { at, memoize } from './at.ts'
import { indicatorsOf } from './indicators.ts'
import { type About, about, type Instrument } from './market.ts'
import { clusters, type Pivot, pivotsOf } from './pivots.ts'
import { daysBefore, indexAtOrBefore, type Series, since } from './series.ts'
import { weekly } from './weekly.ts'

export const TIMEFRAMES = ['1d', '1w'] as const
export type Timeframe = (typeof TIMEFRAMES)[number]

export type Level = {
  kind: 'support' | 'resistance'
  /** Dollars: the mean of the cluster's pivots. */
  price: number
  /** 0–100. */
  strength: number
  /** The latest touch. */
  timestamp: string
  touches: number
  /** price / close − 1. */
  distance: number
}

export type Levels = About & { timeframe: Timeframe; price: number; levels: Level[] }

/**
 * `span`: bars a pivot must stand on either side. `halfLife`: bars after which a touch counts half. Daily levels look one
 * year back, weekly ones over all bars.
 */
const SETTINGS = { '1d': { span: 4, halfLife: 90 }, '1w': { span: 2, halfLife: 52 } } as const

/** Levels on either side of the price. */
const MOST = 6

/** 100 · w / (1 + w), w = Σ over touches of ½^(age / half-life): one touch today is worth 50, each further one adds less. */
function strengthOf(group: readonly Pivot[], last: number, halfLife: number): number {
  const weight = group.reduce((sum, { index }) => sum + 0.5 ** ((last - index) / halfLife), 0)
  return (100 * weight) / (1 + weight)
}

function levelOf(group: readonly Pivot[], bars: Series, halfLife: number): Level {
  const last = bars.time.length - 1
  const price = mean(group.map((pivot) => pivot.price))
  const close = at(bars.close, -1)
  return {
    kind: price > close ? 'resistance' : 'support',
    price,
    strength: strengthOf(group, last, halfLife),
    timestamp: at(bars.time, Math.max(...group.map((pivot) => pivot.index))),
    touches: group.length,
    distance: price / close - 1,
  }
}

/** The bars looked at, and the ATR 14 of the last one (over the whole series). */
function material(daily: Series, timeframe: Timeframe) {
  const all = timeframe === '1d' ? daily : weekly(daily)
  const start = timeframe === '1d' ? indexAtOrBefore(all, daysBefore(at(all.time, -1), 365)) : 0
  return { bars: since(all, start), atr: at(indicatorsOf(all), -1).atr14 ?? 0 }
}

function find(daily: Series, timeframe: Timeframe): Level[] {
  const { span, halfLife } = SETTINGS[timeframe]
  const { bars, atr } = material(daily, timeframe)
  const all = clusters(pivotsOf(bars, span), atr).map((group) => levelOf(group, bars, halfLife))
  const strongest = (kind: Level['kind']) =>
    all
      .filter((level) => level.kind === kind)
      .sort((a, b) => b.strength - a.strength)
      .slice(0, MOST)
  return [...strongest('support'), ...strongest('resistance')].sort((a, b) => a.price - b.price)
}

const found = {
  '1d': memoize((daily: Series) => find(daily, '1d')),
  '1w': memoize((daily: Series) => find(daily, '1w')),
}

/**
 * Support and resistance in ascending price: pivots clustered within one ATR 14, the six strongest below the price and
 * the six above.
 */
export function levelsOf(instrument: Instrument, timeframe: Timeframe): Levels {
  const { daily } = instrument
  return { ...about(instrument), timeframe, price: at(daily.close, -1), levels: found[timeframe](daily) }
}
