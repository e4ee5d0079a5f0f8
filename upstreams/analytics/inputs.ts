import { z } from 'zod'
import { COINS, SYMBOLS } from './assets.ts'
import { TIMEFRAMES } from './levels.ts'
import { WINDOWS } from './series.ts'
import { SIGNALS } from './signals.ts'

/** Symbols in one call. */
export const MOST_SYMBOLS = 10

/**
 * 1 to 10 of the symbols, separated by commas, each once. The first lookahead bounds the text before the second, which
 * looks for repeats, may walk it; so a long hostile text costs nothing.
 */
export function symbolPattern(symbols: readonly string[]): RegExp {
  return new RegExp(`^(?=((${symbols.join('|')})(,(?!$)|$)){1,${MOST_SYMBOLS}}$)(?!.*\\b(\\w+)\\b.*\\b\\4\\b)`)
}

function symbolsOf(symbols: readonly string[], example: string) {
  const description = `1-${MOST_SYMBOLS} symbols, comma separated, each once`
  return z
    .string()
    .regex(symbolPattern(symbols))
    .meta({ description, examples: [example] })
}

const anySymbol = symbolsOf(SYMBOLS, 'BTC,ETH')
const coin = symbolsOf(COINS, 'BTC,ETH')
const day = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/)
const window = z.enum(WINDOWS).default('30d')

/**
 * A number whose type is asked for twice. ajv turns the text `Infinity` into a number *after* it checked the type, and
 * its `maximum` looks at finite numbers alone; only a second look at the type refuses it before it is paid for.
 */
function integer(least: number, most: number) {
  return z
    .int()
    .min(least)
    .max(most)
    .meta({ allOf: [{ type: 'integer' }] })
}

function decimal(least: number, most: number) {
  return z
    .number()
    .min(least)
    .max(most)
    .meta({ allOf: [{ type: 'number' }] })
}

/** Text of 1 to `most` characters, counted as JSON Schema counts them: by code point. */
function text(most: number) {
  const fits = (value: string) => value.length > 0 && (value.length <= most || [...value].length <= most)
  return z.string().refine(fits).meta({ minLength: 1, maxLength: most })
}

const message = z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: text(2_000) })

/** Exactly one of the two. */
const chat = z
  .strictObject({ prompt: text(2_000).optional(), messages: z.array(message).min(1).max(20).optional() })
  .refine((body) => (body.prompt === undefined) !== (body.messages === undefined))
  .meta({ minProperties: 1, maxProperties: 1 })

export type ChatInput = z.infer<typeof chat>

/** What each route takes, in its query and its body. The catalogue's input schemas are written from these. */
export const INPUTS = {
  ohlcv: z.strictObject({
    symbol: anySymbol,
    from: day.optional(),
    to: day.optional(),
    limit: integer(1, 366).default(100),
  }),
  symbols: z.strictObject({ symbol: anySymbol }),
  coins: z.strictObject({ symbol: coin }),
  quantMetrics: z.strictObject({
    symbol: anySymbol,
    window,
    risk_free: decimal(0, 1).default(0).meta({ description: 'annual rate, 0.05 is 5 %' }),
  }),
  levels: z.strictObject({ symbol: anySymbol, timeframe: z.enum(TIMEFRAMES).default('1d') }),
  moonshots: z.strictObject({
    min_grade: decimal(0, 100).default(0),
    signal: z.enum(SIGNALS).optional(),
    limit: integer(1, COINS.length).default(5),
  }),
  market: z.strictObject({ window }),
  nothing: z.strictObject({}),
  chat,
}
