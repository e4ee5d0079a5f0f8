import { memoize } from './at.ts'
import { type About, about, type Instrument } from './market.ts'
import type { Series } from './series.ts'

/** One day, in US dollars; `adj_close` counts dividends as reinvested; `volume` in shares or coins. */
export type OhlcvRow = {
  date: string
  open: number
  high: number
  low: number
  close: number
  adj_close: number
  volume: number
}

/** `total` is how many days the range holds; `rows` the latest `limit` of them, ascending. */
export type Ohlcv = About & { total: number; rows: readonly OhlcvRow[] }

const rowsOf = memoize((series: Series): OhlcvRow[] =>
  series.time.map((date, i) => ({
    date,
    open: series.open[i] ?? 0,
    high: series.high[i] ?? 0,
    low: series.low[i] ?? 0,
    close: series.close[i] ?? 0,
    adj_close: series.adjusted[i] ?? 0,
    volume: series.volume[i] ?? 0,
  })),
)

/**
 * The days from `from` to `to`, both included.
 *
 * Days compare as text, so `2018-02-31` is a bound after the 28th and no error. To page back, ask again with `to` set to
 * the day before the first row.
 */
export function ohlcv(instrument: Instrument, range: { from?: string; to?: string; limit: number }): Ohlcv {
  const { from = '', to = '9999' } = range
  const within = rowsOf(instrument.daily).filter((row) => row.date >= from && row.date <= to)
  return { ...about(instrument), total: within.length, rows: within.slice(-range.limit) }
}
