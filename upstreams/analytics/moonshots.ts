import { at } from './at.ts'
import { type Grade, ranking } from './grade.ts'
import { instrumentOf, type Market } from './market.ts'
import { predict } from './prediction.ts'
import { type Signal, signalOf } from './signals.ts'

export type Moonshot = {
  symbol: string
  sample: boolean
  as_of: string
  tm_grade: number
  signal: Signal
  reasons: string[]
  updated_at: string
}

/** Why the coin stands where it does: its best graded part, its moon case, and the votes for and against. */
function reasonsFor(market: Market, grade: Grade): string[] {
  const instrument = instrumentOf(market, grade.symbol)
  const { votes } = signalOf(instrument.daily)
  const said = (sign: 1 | -1) => votes.filter(({ vote }) => vote === sign).map(({ reason }) => reason)
  const parts = Object.entries(grade.parts).flatMap(([name, part]) => (part.grade === null ? [] : [{ name, ...part }]))
  parts.sort((a, b) => b.grade - a.grade)
  const best = at(parts, 0)
  const { price, scenarios } = predict(market, instrument)
  const first = at(scenarios, 0)
  return [
    `${best.name} grade ${best.grade.toFixed(0)} of 100`,
    `moon case at ${first.label} is ${(first.moon / price).toFixed(1)} times the price`,
    ...said(1),
    ...said(-1).map((reason) => `against: ${reason}`),
  ]
}

/** Coins by grade, the best first. */
export function moonshots(market: Market, filter: { min_grade: number; signal?: Signal; limit: number }): Moonshot[] {
  return ranking(market)
    .filter(({ tm_grade, signal }) => tm_grade >= filter.min_grade && (!filter.signal || signal === filter.signal))
    .slice(0, filter.limit)
    .map((grade) => {
      const { symbol, sample, as_of, tm_grade, signal } = grade
      return { symbol, sample, as_of, tm_grade, signal, reasons: reasonsFor(market, grade), updated_at: as_of }
    })
}
