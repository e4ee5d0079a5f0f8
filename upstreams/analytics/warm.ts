import { setImmediate } from 'node:timers/promises'
import { gradeOf } from './grade.ts'
import { indicesOf } from './indices.ts'
import { levelsOf, TIMEFRAMES } from './levels.ts'
import type { Market } from './market.ts'
import { overviewOf } from './overview.ts'
import { predict } from './prediction.ts'
import { WINDOWS } from './series.ts'
import { hourlyTradingSignal } from './signals.ts'

/**
 * Computes what is remembered, in small steps that let requests through in between.
 *
 * Answers are the same before it is done, only later: what a request needs is computed when it asks.
 */
export async function warm(market: Market): Promise<void> {
  const steps = [
    ...market.instruments.map((instrument) => () => gradeOf(instrument)),
    ...market.instruments.flatMap((instrument) => TIMEFRAMES.map((timeframe) => () => levelsOf(instrument, timeframe))),
    ...market.coins.map((coin) => () => hourlyTradingSignal(coin)),
    ...market.coins.map((coin) => () => predict(market, coin)),
    () => indicesOf(market),
    ...WINDOWS.map((window) => () => overviewOf(market, window)),
  ]
  for (const step of steps) {
    step()
    await setImmediate()
  }
}
