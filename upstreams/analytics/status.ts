import { at } from './at.ts'
import { type Market, totalMarketCap } from './market.ts'

/** That the service stands, and what it knows. */
export function statusOf(market: Market) {
  return {
    status: 'ok',
    as_of: market.asOf,
    sample: true,
    total_market_cap: at(totalMarketCap(market), -1),
    data: market.instruments.map(({ asset, daily, hourly }) => ({
      symbol: asset.symbol,
      sample: asset.sample,
      as_of: at(daily.time, -1),
      from: at(daily.time, 0),
      daily_rows: daily.time.length,
      hourly_rows: hourly?.time.length ?? 0,
    })),
  }
}
