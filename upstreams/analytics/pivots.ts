import { at } from './at.ts'
import type { Series } from './series.ts'

/** A turning point: the bar at `index` reached `price` and none within `span` bars on either side went further. */
export type Pivot = { index: number; price: number; kind: 'high' | 'low' }

/** Whether no bar within `span` after `index` beats it, and none before even equals it. `sign` −1 turns lows up. */
function stands(values: readonly number[], index: number, span: number, sign: 1 | -1): boolean {
  const price = sign * at(values, index)
  for (let offset = 1; offset <= span; offset++) {
    if (sign * at(values, index - offset) >= price || sign * at(values, index + offset) > price) return false
  }
  return true
}

/** Pivots in ascending time. A pivot is known only `span` bars after it, so the newest bars hold none. */
export function pivotsOf(series: Series, span: number): Pivot[] {
  const pivots: Pivot[] = []
  for (let index = span; index < series.time.length - span; index++) {
    if (stands(series.high, index, span, 1)) pivots.push({ index, price: at(series.high, index), kind: 'high' })
    if (stands(series.low, index, span, -1)) pivots.push({ index, price: at(series.low, index), kind: 'low' })
  }
  return pivots
}

/**
 * Groups pivots of near prices: in order of price, one joins the group before it while it lies within `reach` of that
 * group's lowest price. So no group is wider than `reach`, whatever the chain of neighbours.
 */
export function clusters(pivots: readonly Pivot[], reach: number): Pivot[][] {
  const groups: Pivot[][] = []
  for (const pivot of [...pivots].sort((a, b) => a.price - b.price || a.index - b.index)) {
    const group = groups.at(-1)
    if (group && pivot.price - at(group, 0).price <= reach) group.push(pivot)
    else groups.push([pivot])
  }
  return groups
}
