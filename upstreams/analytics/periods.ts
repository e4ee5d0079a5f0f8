import { at } from './at.ts'

/** A stretch of consecutive bars: `return` = p(to)/p(from) − 1. */
export type Period = { return: number; from: string; to: string }
export type Periods = { day: Period | null; week: Period | null; month: Period | null }

/** Bars in a day, a week and a month: every day trades (crypto) or five days a week (shares). */
const LENGTHS = { 365: { day: 1, week: 7, month: 30 }, 252: { day: 1, week: 5, month: 21 } } as const

function extremes(prices: readonly number[], times: readonly string[], bars: number): [Period | null, Period | null] {
  let best: Period | null = null
  let worst: Period | null = null
  for (let end = bars; end < prices.length; end++) {
    const period = {
      return: at(prices, end) / at(prices, end - bars) - 1,
      from: at(times, end - bars),
      to: at(times, end),
    }
    if (!best || period.return > best.return) best = period
    if (!worst || period.return < worst.return) worst = period
  }
  return [best, worst]
}

/**
 * The best and the worst rolling day, week and month of a window (1, 7, 30 bars for crypto; 1, 5, 21 for shares).
 * The earlier one of equals; `null` where the window is shorter than the period.
 */
export function periodsOf(prices: readonly number[], times: readonly string[], periodsPerYear: 365 | 252) {
  const { day, week, month } = LENGTHS[periodsPerYear]
  const [bestDay, worstDay] = extremes(prices, times, day)
  const [bestWeek, worstWeek] = extremes(prices, times, week)
  const [bestMonth, worstMonth] = extremes(prices, times, month)
  const best: Periods = { day: bestDay, week: bestWeek, month: bestMonth }
  const worst: Periods = { day: worstDay, week: worstWeek, month: worstMonth }
  return { best, worst }
}
