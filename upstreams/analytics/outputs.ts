import { REGIMES } from './regime.ts'
import { WINDOWS } from './series.ts'
import { SIGNALS } from './signals.ts'

/** A JSON Schema, draft 2020-12. */
export type Schema = { readonly [keyword: string]: unknown }

const text = { type: 'string' }
const number = { type: 'number' }
const count = { type: 'integer', minimum: 0 }
const flag = { type: 'boolean' }
const texts = { type: 'array', items: text }
const grade = { type: 'number', minimum: 0, maximum: 100 }
const signal = { enum: SIGNALS }

function object(properties: Record<string, Schema>): Schema {
  return { type: 'object', required: Object.keys(properties), properties }
}

function array(items: Schema): Schema {
  return { type: 'array', items }
}

function maybe(schema: Schema): Schema {
  return { anyOf: [schema, { type: 'null' }] }
}

/** The answer: `as_of`, `sample`, and what else there is. */
function answer(rest: Record<string, Schema>): Schema {
  return object({ as_of: text, sample: flag, ...rest })
}

/** An answer of one row a symbol. */
function rows(properties: Record<string, Schema>, rest: Record<string, Schema> = {}): Schema {
  return answer({ data: array(object({ symbol: text, sample: flag, as_of: text, ...properties })), ...rest })
}

const periods = object({ day: { type: 'object' }, week: { type: 'object' }, month: { type: 'object' } })
const change = object({ '1d': number, '7d': number, '30d': number, '1y': number })
const matrix = array(array(number))

const signals = rows({
  interval: { enum: ['1d', '1h'] },
  signal,
  score: { type: 'number', minimum: -1, maximum: 1 },
  price: number,
  changed_at: text,
  return_since: number,
  votes: array(object({ name: text, vote: { enum: [-1, 0, 1] }, weight: number, reason: text })),
  indicators: { type: 'object' },
})

/** What each route answers with status 200: the members a caller may rely on. More may be added. */
export const OUTPUTS: Readonly<Record<string, Schema>> = {
  'GET /v2/ohlcv': rows({
    total: count,
    rows: array(
      object({ date: text, open: number, high: number, low: number, close: number, adj_close: number, volume: number }),
    ),
  }),
  'GET /v2/quantmetrics': rows({
    window: { enum: WINDOWS },
    from: text,
    to: text,
    periods: count,
    total_return: number,
    cagr: number,
    volatility: number,
    sharpe: maybe(number),
    sortino: maybe(number),
    max_drawdown: number,
    best: periods,
    worst: periods,
  }),
  'GET /v2/resistance-support': rows({
    price: number,
    levels: array(
      object({
        kind: { enum: ['support', 'resistance'] },
        price: number,
        strength: grade,
        timestamp: text,
        touches: count,
        distance: number,
      }),
    ),
  }),
  'GET /v2/trading-signals': signals,
  'GET /v2/hourly-trading-signals': signals,
  'GET /v2/tm-grade': rows({
    tm_grade: grade,
    signal,
    coverage: number,
    parts: {
      ...object({ trader: {}, investor: {}, fundamental: {}, technology: {} }),
      additionalProperties: object({ grade: maybe(grade) }),
    },
  }),
  'GET /v2/moonshots': rows({ tm_grade: grade, signal, reasons: texts, updated_at: text }),
  'GET /v2/price-prediction': rows(
    {
      price: number,
      total_market_cap: number,
      beta: number,
      scenarios: array(object({ label: text, total_market_cap: number, bear: number, base: number, moon: number })),
    },
    { method: text },
  ),
  'GET /v2/indices': answer({
    data: array(
      object({
        id: text,
        name: text,
        level: number,
        change,
        volatility: number,
        max_drawdown: number,
        constituents: array(object({ symbol: text, weight: number })),
      }),
    ),
  }),
  'GET /v2/market-indicators': answer({
    total_market_cap: number,
    dominance: number,
    breadth: { type: 'object' },
    volatility: object({ regime: { enum: REGIMES }, volatility: number, percentile: number }),
    sentiment: grade,
    correlation: object({ symbols: texts, matrix, average: number }),
  }),
  'GET /v2/token-details': rows({
    name: text,
    kind: { enum: ['crypto', 'equity'] },
    price: number,
    change,
    high_1y: number,
    low_1y: number,
    volume: number,
    market_cap: maybe(number),
    rank: maybe(count),
    circulating_supply: maybe(number),
    max_supply: maybe(number),
  }),
  'POST /v2/ai-chat': answer({
    message: object({ role: { const: 'assistant' }, content: text }),
    intents: texts,
    usage: object({ prompt_tokens: count, completion_tokens: count, total_tokens: count }),
  }),
  'GET /v2/status': answer({ status: { const: 'ok' } }),
}
