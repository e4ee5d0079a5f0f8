import { SYMBOLS } from '../assets.ts'
import { type ChatInput, MOST_SYMBOLS } from '../inputs.ts'
import { type About, about, type Instrument, instrumentOf, type Market } from '../market.ts'
import {
  comparisonOf,
  gradedOf,
  marketOf,
  moonshotsOf,
  predictedOf,
  pricedOf,
  riskOf,
  supportOf,
  trendOf,
} from './phrases.ts'
import { type Intent, saidBy, type Understood, understand } from './understand.ts'
import { countTokens, list } from './words.ts'

export type ChatAnswer = {
  as_of: string
  sample: boolean
  message: { role: 'assistant'; content: string }
  intents: Intent[]
  /** What the answer is about; empty when it is about the market, or is help. */
  data: About[]
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number }
}

const HELP =
  'Ask about risk, trend, levels, grade, price or price prediction of a symbol, compare several, or ask about the ' +
  `market or moonshots. Covered: ${list(SYMBOLS)}.`

/** Intents that need no symbol. */
const MARKET_WIDE: ReadonlySet<Intent> = new Set(['market', 'moonshots'])

/** What to say to this: one intent a sentence or more; several where several are asked. */
function plan({ symbols, intents }: Understood): Intent[] {
  if (symbols.length === 0) {
    const wide = intents.filter((intent) => MARKET_WIDE.has(intent))
    return wide.length > 0 ? wide : ['help']
  }
  const told = symbols.length > 1 ? intents : intents.filter((intent) => intent !== 'comparison')
  if (told.length > 0) return told
  return symbols.length > 1 ? ['comparison'] : ['price', 'trend', 'grade']
}

function say(
  market: Market,
  intent: Intent,
  instruments: readonly Instrument[],
  window: Understood['window'],
): string[] {
  const each = (phrase: (instrument: Instrument) => string) => instruments.map(phrase)
  switch (intent) {
    case 'comparison':
      return [comparisonOf(instruments, window)]
    case 'risk':
      return each((instrument) => riskOf(instrument, window))
    case 'trend':
      return each(trendOf)
    case 'levels':
      return each(supportOf)
    case 'grade':
      return each(gradedOf)
    case 'prediction':
      return each((instrument) => predictedOf(market, instrument))
    case 'price':
      return each((instrument) => pricedOf(market, instrument))
    case 'market':
      return [marketOf(market, window)]
    case 'moonshots':
      return [moonshotsOf(market)]
    case 'help':
      return [HELP]
  }
}

/** Says which part of the data is made up. */
function caveat(rows: readonly About[], asOf: string): string {
  const made = rows.filter(({ sample }) => sample).map(({ symbol }) => symbol)
  const what = rows.length === 0 ? 'Coins’ prices are' : made.length > 0 ? `Prices of ${list(made)} are` : ''
  return what ? `As of ${asOf}. ${what} synthetic sample data.` : `As of ${asOf}.`
}

/**
 * Answers in words from the same computations as the other routes. No language model: symbols and intents are found by
 * their words, so the same question always gets the same answer.
 */
export function chat(market: Market, input: ChatInput): ChatAnswer {
  const understood = understand(saidBy(input))
  const intents = plan(understood)
  const instruments = understood.symbols.slice(0, MOST_SYMBOLS).map((symbol) => instrumentOf(market, symbol))
  const data = instruments.map(about)
  const wide = data.length === 0 || intents.some((intent) => MARKET_WIDE.has(intent))
  const asOf = wide
    ? market.asOf
    : (data
        .map((row) => row.as_of)
        .sort()
        .at(-1) ?? market.asOf)
  const sentences = intents.flatMap((intent) => say(market, intent, instruments, understood.window))
  const content = [...sentences, caveat(data, asOf)].join('\n')
  const heard = input.prompt === undefined ? (input.messages ?? []).map((one) => one.content) : [input.prompt]
  const prompt_tokens = heard.reduce((sum, text) => sum + countTokens(text), 0)
  const completion_tokens = countTokens(content)
  return {
    as_of: asOf,
    sample: wide || data.some((row) => row.sample),
    message: { role: 'assistant', content },
    intents,
    data,
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  }
}
