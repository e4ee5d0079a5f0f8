import { at } from './at.ts'

export type Drawdown = {
  /** The deepest fall from a previous peak, as a fraction ≤ 0: min over t of pₜ / max(p₀…pₜ) − 1. */
  max_drawdown: number
  peak: string
  trough: string
  /** The first time the price was back at the peak, or `null` if it has not been. */
  recovered: string | null
}

export function drawdownOf(prices: readonly number[], times: readonly string[]): Drawdown {
  let peak = 0
  let worst = { depth: 0, peak: 0, trough: 0 }
  prices.forEach((price, i) => {
    if (price > at(prices, peak)) peak = i
    const depth = price / at(prices, peak) - 1
    if (depth < worst.depth) worst = { depth, peak, trough: i }
  })
  const back = prices.findIndex((price, i) => i > worst.trough && price >= at(prices, worst.peak))
  return {
    max_drawdown: worst.depth,
    peak: at(times, worst.peak),
    trough: at(times, worst.trough),
    recovered: back === -1 ? null : at(times, back),
  }
}
