import fc from 'fast-check'
import { reached } from '../model/coverage.ts'
import type { Event } from '../model/events.ts'
import { histories } from '../model/generate.ts'
import { play } from '../model/history.ts'

/** Longer ones take longer than they tell. */
const MOST_EVENTS = 40

/** Histories that between them reach most: at each step the one that adds most to what the others have reached. */
export async function choose(runs: number, seed: number): Promise<(readonly Event[])[]> {
  const candidates: { history: readonly Event[]; reaches: ReadonlySet<string> }[] = []
  for (const history of fc.sample(histories, { numRuns: runs * 12, seed })) {
    if (history.length > MOST_EVENTS) continue
    await play(history, async (world) => {
      candidates.push({ history, reaches: await reached(world) })
    })
  }
  const chosen: (readonly Event[])[] = []
  const known = new Set<string>()
  while (chosen.length < runs && candidates.length > 0) {
    const news = ({ reaches }: (typeof candidates)[number]) => [...reaches].filter((what) => !known.has(what)).length
    candidates.sort((a, b) => news(b) - news(a))
    const [best] = candidates.splice(0, 1)
    if (!best) break
    chosen.push(best.history)
    for (const what of best.reaches) known.add(what)
  }
  return chosen
}
