import { ATR, BollingerBands, EMA, MACD, RSI, SMA } from 'trading-signals'
import { at, memoize } from './at.ts'
import type { Series } from './series.ts'

/**
 * Indicators of one bar, over `close` (split-adjusted, dividends not), in dollars unless said; `null` until enough bars.
 *
 * - SMA n: mean of the last n closes
 * - EMA n: α = 2/(n + 1), begun at the first close, shown from the n-th
 * - RSI 14 (0–100): Wilder's smoothing, begun with the mean of the first 14 changes
 * - MACD: EMA 12 − EMA 26, from bar 26; its signal is EMA 9 of that, begun at the first one
 * - ATR 14: Wilder's smoothing of the true range
 * - Bollinger: SMA 20 ± 2 population deviations
 */
export type Indicators = {
  sma20: number | null
  sma50: number | null
  sma200: number | null
  ema12: number | null
  ema26: number | null
  rsi14: number | null
  macd: number | null
  macd_signal: number | null
  macd_histogram: number | null
  atr14: number | null
  bollinger_lower: number | null
  bollinger_upper: number | null
}

/** The indicators of every bar of a series, by trading-signals. */
export const indicatorsOf = memoize((series: Series): Indicators[] => {
  const [sma50, sma200] = [new SMA(50), new SMA(200)]
  const [ema12, ema26, rsi14, atr14] = [new EMA(12), new EMA(26), new RSI(14), new ATR(14)]
  const [macd, bands] = [new MACD(new EMA(12), new EMA(26), new EMA(9)), new BollingerBands(20, 2)]

  return series.close.map((close, i) => {
    const fast = ema12.add(close)
    const slow = ema26.add(close)
    const convergence = macd.add(close)
    const band = bands.add(close)
    return {
      sma20: band?.middle ?? null,
      sma50: sma50.add(close),
      sma200: sma200.add(close),
      ema12: i >= 11 ? fast : null,
      ema26: i >= 25 ? slow : null,
      rsi14: rsi14.add(close),
      macd: convergence?.macd ?? null,
      macd_signal: convergence?.signal ?? null,
      macd_histogram: convergence?.histogram ?? null,
      atr14: atr14.add({ high: at(series.high, i), low: at(series.low, i), close }),
      bollinger_lower: band?.lower ?? null,
      bollinger_upper: band?.upper ?? null,
    }
  })
})
