import { ASSETS, type Asset } from './assets.ts'
import { at, memoize } from './at.ts'
import { loadApple, loadCoin } from './load.ts'
import type { Series } from './series.ts'

/** What can be asked about: an asset and its bars. */
export type Instrument = { asset: Asset; daily: Series; hourly: Series | null }

/** Everything the service knows. Never changes once loaded, so results may be remembered per market. */
export type Market = {
  instruments: readonly Instrument[]
  /** The crypto part. Its daily series share the same days. */
  coins: readonly Instrument[]
  /** The last day of the data. */
  asOf: string
}

/** What every answer about one symbol begins with. */
export type About = { symbol: string; sample: boolean; as_of: string }

export function loadMarket(): Market {
  const instruments = ASSETS.map((asset) =>
    asset.kind === 'equity'
      ? { asset, daily: loadApple(), hourly: null }
      : { asset, daily: loadCoin(asset.symbol, 'daily'), hourly: loadCoin(asset.symbol, 'hourly') },
  )
  const ends = instruments.map((instrument) => at(instrument.daily.time, -1)).sort()
  return { instruments, coins: instruments.filter(({ asset }) => asset.kind === 'crypto'), asOf: at(ends, -1) }
}

/** The instrument of a symbol known to exist (the input was validated). */
export function instrumentOf(market: Market, symbol: string): Instrument {
  const found = market.instruments.find((instrument) => instrument.asset.symbol === symbol)
  if (!found) throw new RangeError(`no instrument ${symbol}`)
  return found
}

export function about({ asset, daily }: Instrument): About {
  return { symbol: asset.symbol, sample: asset.sample, as_of: at(daily.time, -1) }
}

/** Dollars: price × circulating supply on bar `index`; `null` without a supply. */
export function marketCap({ asset, daily }: Instrument, index = -1): number | null {
  return asset.supply && at(daily.close, index) * asset.supply.circulating
}

/** Total market capitalisation of the coins on each day, in dollars, at today's supplies. */
export const totalMarketCap = memoize(({ coins }: Market): number[] =>
  at(coins, 0).daily.time.map((_, day) => coins.reduce((sum, coin) => sum + (marketCap(coin, day) ?? 0), 0)),
)

/** The top of every answer: the newest `as_of` in it, and whether any of it is synthetic. */
export function envelope<T extends { sample: boolean; as_of: string }>(rows: readonly T[]) {
  const times = rows.map((row) => row.as_of).sort()
  return { as_of: at(times, -1), sample: rows.some((row) => row.sample), data: rows }
}
