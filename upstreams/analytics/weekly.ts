import { memoize } from './at.ts'
import type { Series } from './series.ts'

const DAY = 86_400_000

/** Weeks since that of 1970-01-01, a Thursday; weeks begin on Monday. */
function weekOf(day: string): number {
  return Math.floor((Date.parse(day) / DAY + 3) / 7)
}

function mondayOf(week: number): string {
  return new Date((week * 7 - 3) * DAY).toISOString().slice(0, 10)
}

/** Bars by calendar week, Monday to Sunday, named by the Monday; the last may be unfinished. */
export const weekly = memoize((daily: Series): Series => {
  const weeks = new Map<number, number[]>()
  daily.time.forEach((day, i) => {
    const week = weekOf(day)
    const indices = weeks.get(week)
    if (indices) indices.push(i)
    else weeks.set(week, [i])
  })
  const groups = [...weeks.values()]
  const of = (values: readonly number[], join: (some: number[]) => number) =>
    groups.map((indices) => join(indices.map((i) => values[i] ?? Number.NaN)))
  return {
    time: [...weeks.keys()].map(mondayOf),
    open: of(daily.open, (some) => some[0] ?? Number.NaN),
    high: of(daily.high, (some) => Math.max(...some)),
    low: of(daily.low, (some) => Math.min(...some)),
    close: of(daily.close, (some) => some.at(-1) ?? Number.NaN),
    adjusted: of(daily.adjusted, (some) => some.at(-1) ?? Number.NaN),
    volume: of(daily.volume, (some) => some.reduce((sum, value) => sum + value, 0)),
  }
})
