import { at } from './at.ts'

/**
 * Bars in ascending time, by column.
 *
 * `time` is a day (`2018-05-11`) or the start of an hour (`2018-05-11T23:00:00Z`), UTC. Prices in US dollars; `close` is
 * split-adjusted, `adjusted` also counts dividends as reinvested (the same as `close` where none are paid).
 */
export type Series = {
  time: readonly string[]
  open: readonly number[]
  high: readonly number[]
  low: readonly number[]
  close: readonly number[]
  adjusted: readonly number[]
  volume: readonly number[]
}

export const WINDOWS = ['30d', '90d', '1y'] as const
export type Window = (typeof WINDOWS)[number]

/** The day `days` before `day`. */
export function daysBefore(day: string, days: number): string {
  return new Date(Date.parse(day.slice(0, 10)) - days * 86_400_000).toISOString().slice(0, 10)
}

/** Calendar days from one day to another. */
export function daysBetween(from: string, to: string): number {
  return (Date.parse(to.slice(0, 10)) - Date.parse(from.slice(0, 10))) / 86_400_000
}

/** The window's first day: 30 or 90 days back, or the same date a year earlier (29 February: 1 March). */
export function windowStart(asOf: string, window: Window): string {
  if (window !== '1y') return daysBefore(asOf, window === '30d' ? 30 : 90)
  const day = new Date(asOf.slice(0, 10))
  day.setUTCFullYear(day.getUTCFullYear() - 1)
  return day.toISOString().slice(0, 10)
}

/** Index of the last bar at or before `time`, or 0 when all are later. */
export function indexAtOrBefore(series: Series, time: string): number {
  let low = 0
  let high = series.time.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (at(series.time, middle) <= time) low = middle
    else high = middle - 1
  }
  return low
}

/** The bars from `start` on. */
export function since(series: Series, start: number): Series {
  return {
    time: series.time.slice(start),
    open: series.open.slice(start),
    high: series.high.slice(start),
    low: series.low.slice(start),
    close: series.close.slice(start),
    adjusted: series.adjusted.slice(start),
    volume: series.volume.slice(start),
  }
}

/** The window's bars: the last one at or before its first day (the base of its first return) to the end. */
export function inWindow(series: Series, window: Window): Series {
  return since(series, indexAtOrBefore(series, windowStart(at(series.time, -1), window)))
}

/** Simple returns pₜ/pₜ₋₁ − 1, one fewer than prices. */
export function returnsOf(prices: readonly number[]): number[] {
  return prices.slice(1).map((price, i) => price / at(prices, i) - 1)
}
