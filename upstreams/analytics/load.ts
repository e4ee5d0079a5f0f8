import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parse } from 'csv-parse/sync'
import type { Series } from './series.ts'

type Columns = {
  time: number
  open: number
  high: number
  low: number
  close: number
  adjusted: number
  volume: number
}

/** Positions of the fields in `Date,Open,High,Low,Close,Adj Close,Volume` (Yahoo! Finance). */
const YAHOO: Columns = { time: 0, open: 1, high: 2, low: 3, close: 4, adjusted: 5, volume: 6 }
/** Positions of the fields in `time,open,high,low,close,volume` (the synthetic set). */
const OURS: Columns = { time: 0, open: 1, high: 2, low: 3, close: 4, adjusted: 4, volume: 5 }

/**
 * Reads bars from a CSV text.
 *
 * @throws Error naming the file and line when a field is no number, prices contradict each other, or time runs backwards.
 */
function read(name: string, text: string, columns: Columns): Series {
  const rows = parse(text, { from_line: 2 }) as string[][]
  const column = (index: number) => rows.map((row) => Number(row[index]))
  const time = rows.map((row) => row[columns.time] ?? '')
  const [open, high, low] = [column(columns.open), column(columns.high), column(columns.low)]
  const [close, adjusted, volume] = [column(columns.close), column(columns.adjusted), column(columns.volume)]
  const series = { time, open, high, low, close, adjusted, volume }
  const bad = time.findIndex((_, i) => !isSound(series, i))
  if (bad !== -1) throw new Error(`${name}: line ${bad + 2} is no sound bar`)
  return series
}

function isSound({ time, open, high, low, close, adjusted, volume }: Series, i: number): boolean {
  const [o, h, l, c] = [open[i] ?? Number.NaN, high[i] ?? Number.NaN, low[i] ?? Number.NaN, close[i] ?? Number.NaN]
  const inOrder = i === 0 || (time[i - 1] ?? '') < (time[i] ?? '')
  return (
    inOrder && l > 0 && l <= Math.min(o, c) && h >= Math.max(o, c) && (adjusted[i] ?? 0) > 0 && (volume[i] ?? -1) >= 0
  )
}

/** Apple's daily bars, 2013-05-13 to 2018-05-11, read from the published package itself. */
export function loadApple(): Series {
  const path = createRequire(import.meta.url).resolve('@observablehq/sample-datasets/aapl.csv')
  return read('aapl.csv', readFileSync(path, 'utf8'), YAHOO)
}

/** A synthetic coin's bars. */
export function loadCoin(symbol: string, interval: 'daily' | 'hourly'): Series {
  const file = `${interval}/${symbol}.csv`
  return read(file, readFileSync(new URL(`data/${file}`, import.meta.url), 'utf8'), OURS)
}
