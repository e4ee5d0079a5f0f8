import { OUTPUTS, type Schema } from './outputs.ts'
import { ROUTES, type Route } from './routes.ts'
import { shapeOf } from './validate.ts'

/** What the gateway's price list takes over for one route. `body` on POST alone. */
export type Entry = ({ price: string } | { free: true }) & {
  description: string
  input: { query: Schema; body?: Schema }
  output: Schema
}

/** Dollars a call, and what it buys. */
const OFFERS: Readonly<Record<string, { price?: string; description: string }>> = {
  'GET /v2/ohlcv': { price: '$0.017', description: 'Daily open, high, low, close, adjusted close and volume' },
  'GET /v2/token-details': {
    price: '$0.017',
    description: 'Price, changes, 1-year range, volume, market cap and supply',
  },
  'GET /v2/indices': {
    price: '$0.017',
    description: 'Crypto indices by cap and in equal parts: level, changes, risk, weights',
  },
  'GET /v2/quantmetrics': {
    price: '$0.034',
    description: 'Sharpe, Sortino, volatility, max drawdown, CAGR, best and worst periods over 30d, 90d or 1y',
  },
  'GET /v2/resistance-support': {
    price: '$0.034',
    description: 'Support and resistance levels from clustered pivots: price, strength 0-100, last touch',
  },
  'GET /v2/trading-signals': { price: '$0.034', description: 'Daily signal with score, votes, reasons and indicators' },
  'GET /v2/hourly-trading-signals': {
    price: '$0.034',
    description: 'Hourly signal with score, votes, reasons and indicators',
  },
  'GET /v2/market-indicators': {
    price: '$0.034',
    description: 'Correlation matrix, volatility regime, breadth, dominance and sentiment of the market',
  },
  'GET /v2/tm-grade': {
    price: '$0.051',
    description: 'Composite grade 0-100 with trader, investor and fundamental parts and their inputs',
  },
  'GET /v2/price-prediction': {
    price: '$0.051',
    description: 'Bear, base and moon prices at total market caps of 8T, 16T, 23T and 31T, with the method',
  },
  'GET /v2/moonshots': { price: '$0.068', description: 'Coins ranked by grade with signal and reasons' },
  'POST /v2/ai-chat': {
    price: '$0.068',
    description: 'Answers questions on risk, trend, levels, grade, price and comparison in words',
  },
  'GET /v2/status': { description: 'Whether the service stands, and the data it holds' },
}

/** The key of a route in the catalogue and in pricing.json. */
export function keyOf({ method, path }: Route): string {
  return `${method} ${path}`
}

function entryOf(route: Route): Entry {
  const key = keyOf(route)
  const [offer, output] = [OFFERS[key], OUTPUTS[key]]
  if (!offer || !output) throw new RangeError(`no offer or no output schema for ${key}`)
  const { price, description } = offer
  const body = route.body ? { body: shapeOf(route.body) } : {}
  const terms = price === undefined ? { free: true as const } : { price }
  return { ...terms, description, input: { query: shapeOf(route.query), ...body }, output }
}

/** Every route by `METHOD path`. Input schemas are those the service itself validates with. */
export function catalogue(): Record<string, Entry> {
  return Object.fromEntries(ROUTES.map((route) => [keyOf(route), entryOf(route)]))
}
