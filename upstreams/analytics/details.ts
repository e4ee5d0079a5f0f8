import { mean } from 'simple-statistics'
import { at } from './at.ts'
import { type About, about, type Instrument, type Market, marketCap } from './market.ts'
import { daysBefore, indexAtOrBefore, type Series, since, windowStart } from './series.ts'

/** Dollars, shares or coins; changes are fractions of the close, dividends not counted. */
export type Details = About & {
  name: string
  kind: 'crypto' | 'equity'
  price: number
  /** Against the last close at or before so many calendar days ago (`1d`: against the bar before). */
  change: { '1d': number; '7d': number; '30d': number; '1y': number }
  high_1y: number
  low_1y: number
  volume: number
  average_volume_30: number
  market_cap: number | null
  /** By market cap among the coins, from 1. */
  rank: number | null
  circulating_supply: number | null
  max_supply: number | null
  first_date: string
  rows: number
  hourly: boolean
  source: string
}

function changeSince(series: Series, index: number): number {
  return at(series.close, -1) / at(series.close, index) - 1
}

function rankOf(market: Market, cap: number): number {
  return 1 + market.coins.filter((coin) => (marketCap(coin) ?? 0) > cap).length
}

export function detailsOf(market: Market, instrument: Instrument): Details {
  const { asset, daily, hourly } = instrument
  const last = at(daily.time, -1)
  const year = indexAtOrBefore(daily, windowStart(last, '1y'))
  const cap = marketCap(instrument)
  const back = (days: number) => changeSince(daily, indexAtOrBefore(daily, daysBefore(last, days)))
  const lastYear = since(daily, year)
  return {
    ...about(instrument),
    name: asset.name,
    kind: asset.kind,
    price: at(daily.close, -1),
    change: { '1d': changeSince(daily, -2), '7d': back(7), '30d': back(30), '1y': changeSince(daily, year) },
    high_1y: Math.max(...lastYear.high),
    low_1y: Math.min(...lastYear.low),
    volume: at(daily.volume, -1),
    average_volume_30: mean(daily.volume.slice(-30)),
    market_cap: cap,
    rank: cap === null ? null : rankOf(market, cap),
    circulating_supply: asset.supply?.circulating ?? null,
    max_supply: asset.supply?.max ?? null,
    first_date: at(daily.time, 0),
    rows: daily.time.length,
    hourly: hourly !== null,
    source: asset.sample ? 'synthetic (seeded model)' : 'Yahoo! Finance, by @observablehq/sample-datasets',
  }
}
