import type { z } from 'zod'
import { chat } from './chat/chat.ts'
import { detailsOf } from './details.ts'
import { gradeOf } from './grade.ts'
import { indicesOf } from './indices.ts'
import { INPUTS } from './inputs.ts'
import { levelsOf } from './levels.ts'
import { envelope, type Instrument, instrumentOf, type Market } from './market.ts'
import { quantMetrics } from './metrics.ts'
import { moonshots } from './moonshots.ts'
import { ohlcv } from './ohlcv.ts'
import { overviewOf } from './overview.ts'
import { METHOD, predict } from './prediction.ts'
import { hourlyTradingSignal, tradingSignal } from './signals.ts'
import { statusOf } from './status.ts'
import { bodyValidator, queryValidator } from './validate.ts'

/** Answers a request: `query` is the raw text after `?`, `body` the parsed JSON. @throws Problem 400 */
type Answer = (market: Market, query: string, body: unknown) => object

export type Route = {
  method: 'GET' | 'POST'
  path: string
  query: z.ZodObject
  body?: z.ZodType
  /** Needs no token, and is sold for nothing. */
  free?: true
  answer: Answer
}

function get<S extends z.ZodObject>(
  path: string,
  query: S,
  compute: (market: Market, query: z.infer<S>) => object,
): Route {
  const validate = queryValidator(query)
  return { method: 'GET', path, query, answer: (market, raw) => compute(market, validate(raw)) }
}

function post<S extends z.ZodType>(
  path: string,
  body: S,
  compute: (market: Market, body: z.infer<S>) => object,
): Route {
  const nothing = queryValidator(INPUTS.nothing)
  const validate = bodyValidator(body)
  const answer: Answer = (market, query, raw) => {
    nothing(query)
    return compute(market, validate(raw))
  }
  return { method: 'POST', path, query: INPUTS.nothing, body, answer }
}

function each<T extends { sample: boolean; as_of: string }>(
  market: Market,
  symbols: string,
  compute: (instrument: Instrument) => T,
) {
  return envelope(symbols.split(',').map((symbol) => compute(instrumentOf(market, symbol))))
}

/** What the sample market as a whole carries. */
function marketWide<T>(market: Market, data: readonly T[]) {
  return { as_of: market.asOf, sample: true, data }
}

export const ROUTES: readonly Route[] = [
  get('/v2/ohlcv', INPUTS.ohlcv, (market, { symbol, from, to, limit }) => {
    const range = { limit, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
    return each(market, symbol, (instrument) => ohlcv(instrument, range))
  }),
  get('/v2/quantmetrics', INPUTS.quantMetrics, (market, { symbol, window, risk_free }) =>
    each(market, symbol, (instrument) => quantMetrics(instrument, window, risk_free)),
  ),
  get('/v2/resistance-support', INPUTS.levels, (market, { symbol, timeframe }) =>
    each(market, symbol, (instrument) => levelsOf(instrument, timeframe)),
  ),
  get('/v2/trading-signals', INPUTS.symbols, (market, { symbol }) => each(market, symbol, tradingSignal)),
  get('/v2/hourly-trading-signals', INPUTS.coins, (market, { symbol }) => each(market, symbol, hourlyTradingSignal)),
  get('/v2/tm-grade', INPUTS.symbols, (market, { symbol }) => each(market, symbol, gradeOf)),
  get('/v2/moonshots', INPUTS.moonshots, (market, { min_grade, signal, limit }) =>
    marketWide(market, moonshots(market, { min_grade, limit, ...(signal === undefined ? {} : { signal }) })),
  ),
  get('/v2/price-prediction', INPUTS.coins, (market, { symbol }) => ({
    ...each(market, symbol, (instrument) => predict(market, instrument)),
    method: METHOD,
  })),
  get('/v2/indices', INPUTS.nothing, (market) => marketWide(market, indicesOf(market))),
  get('/v2/market-indicators', INPUTS.market, (market, { window }) => overviewOf(market, window)),
  get('/v2/token-details', INPUTS.symbols, (market, { symbol }) =>
    each(market, symbol, (instrument) => detailsOf(market, instrument)),
  ),
  post('/v2/ai-chat', INPUTS.chat, chat),
  { ...get('/v2/status', INPUTS.nothing, statusOf), free: true },
]
