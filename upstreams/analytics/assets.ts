/** Coins issued so far, and the most there can ever be (`null`: no cap). Fixed figures of the sample set. */
export type Supply = { circulating: number; max: number | null }

export type Asset = {
  symbol: string
  name: string
  kind: 'crypto' | 'equity'
  /** True when the prices are synthetic. */
  sample: boolean
  /** Trading periods a year, for annualisation: crypto trades every day, shares on about 252 days. */
  periodsPerYear: 365 | 252
  /** `null` where the data does not say. */
  supply: Supply | null
}

function coin(symbol: string, name: string, circulating: number, max: number | null): Asset {
  return { symbol, name, kind: 'crypto', sample: true, periodsPerYear: 365, supply: { circulating, max } }
}

export const ASSETS: readonly Asset[] = [
  { symbol: 'AAPL', name: 'Apple', kind: 'equity', sample: false, periodsPerYear: 252, supply: null },
  coin('ADA', 'Cardano', 35_700_000_000, 45_000_000_000),
  coin('AVAX', 'Avalanche', 394_000_000, 715_000_000),
  coin('BNB', 'BNB', 147_000_000, 200_000_000),
  coin('BTC', 'Bitcoin', 19_700_000, 21_000_000),
  coin('DOGE', 'Dogecoin', 144_000_000_000, null),
  coin('DOT', 'Polkadot', 1_440_000_000, null),
  coin('ETH', 'Ethereum', 120_000_000, null),
  coin('LINK', 'Chainlink', 587_000_000, 1_000_000_000),
  coin('LTC', 'Litecoin', 74_500_000, 84_000_000),
  coin('SOL', 'Solana', 449_000_000, null),
  coin('TMAI', 'Token Metrics AI', 4_600_000_000, 10_000_000_000),
  coin('XRP', 'XRP', 55_300_000_000, 100_000_000_000),
]

/** Every symbol, in alphabetical order. */
export const SYMBOLS: readonly string[] = ASSETS.map((asset) => asset.symbol)

/** The symbols that trade by the hour and belong to the crypto market. */
export const COINS: readonly string[] = ASSETS.filter((asset) => asset.kind === 'crypto').map((asset) => asset.symbol)
