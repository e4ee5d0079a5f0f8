import { ASSETS } from '../assets.ts'
import type { ChatInput } from '../inputs.ts'
import type { Window } from '../series.ts'

export type Intent =
  | 'comparison'
  | 'risk'
  | 'trend'
  | 'levels'
  | 'grade'
  | 'prediction'
  | 'price'
  | 'moonshots'
  | 'market'
  | 'help'

export type Understood = { symbols: string[]; intents: Intent[]; window: Window }

/** Words that betray what is asked. */
const INTENTS: readonly (readonly [Intent, RegExp])[] = [
  ['comparison', /\b(compar\w*|versus|vs|against|better|riskier|safer)\b/i],
  ['risk', /\b(risk\w*|volatil\w*|drawdowns?|sharpe|sortino|saf(e|er|ety)|losses|quant\w*)\b/i],
  ['trend', /\b(trend\w*|signals?|momentum|bullish|bearish|buy|sell|rsi|macd|outlook)\b/i],
  ['levels', /\b(levels?|supports?|resistances?|pivots?)\b/i],
  ['grade', /\b(grades?|graded|ratings?|rated?|scores?)\b/i],
  ['prediction', /\b(predict\w*|forecasts?|scenarios?|targets?|bear case|base case|moon case)\b/i],
  ['price', /\b(prices?(?! (predict|forecast|target|scenario))|priced|worth|quotes?|costs?|how much|cap)\b/i],
  ['moonshots', /\b(moonshots?|top coins|best coins|picks?|opportunit\w+)\b/i],
  ['market', /\b(markets?(?! cap)|correlat\w*|regimes?|sentiment|dominance|breadth|ind(ex|ices))\b/i],
]

/** Tickers that are English words too: taken for symbols in capitals only. */
const WORDS: ReadonlySet<string> = new Set(['LINK', 'DOT', 'SOL', 'ADA'])

const NAMES: ReadonlyMap<string, string> = new Map([
  ...ASSETS.map(({ name, symbol }) => [name.toLowerCase(), symbol] as const),
  ['ether', 'ETH'],
  ['ripple', 'XRP'],
])

function symbolOf(word: string): string | undefined {
  const upper = word.toUpperCase()
  const known = ASSETS.some(({ symbol }) => symbol === upper) && (word === upper || !WORDS.has(upper))
  return known ? upper : NAMES.get(word.toLowerCase())
}

function symbolsIn(text: string): string[] {
  const words = text.match(/token metrics ai|[a-z]+/gi) ?? []
  return [...new Set(words.flatMap((word) => symbolOf(word) ?? []))]
}

function intentsIn(text: string): Intent[] {
  return INTENTS.filter(([, words]) => words.test(text)).map(([intent]) => intent)
}

function windowIn(text: string): Window {
  if (/\b(30d|30[- ]days?|months?)\b/i.test(text) && !/\b(3|three) months\b/i.test(text)) return '30d'
  return /\b(90d|90[- ]days?|quarters?|(3|three) months)\b/i.test(text) ? '90d' : '1y'
}

/** What the user said, oldest first: the prompt, or the messages of role `user` (all of them where there is none). */
export function saidBy(input: ChatInput): string[] {
  if (input.prompt !== undefined) return [input.prompt]
  const messages = input.messages ?? []
  const own = messages.filter(({ role }) => role === 'user')
  return (own.length > 0 ? own : messages).map(({ content }) => content)
}

/**
 * Reads the last thing said. What it leaves open (no symbol: "and its levels?"; no intent: "and ETH?") is taken from the
 * latest earlier one that says it. A question on the market needs no symbol.
 */
export function understand(said: readonly string[]): Understood {
  const last = said.at(-1) ?? ''
  const symbols = symbolsIn(last)
  const intents = intentsIn(last)
  const earlier = said.slice(0, -1).reverse()
  const latest = <T>(find: (text: string) => T[]) => earlier.map(find).find((found) => found.length > 0) ?? []
  const wide = intents.some((intent) => intent === 'market' || intent === 'moonshots')
  const refersBack = intents.length > 0 || /\b(it|its|they|their|them)\b/i.test(last)
  return {
    symbols: symbols.length === 0 && !wide && refersBack ? latest(symbolsIn) : symbols,
    intents: intents.length === 0 && symbols.length > 0 ? latest(intentsIn) : intents,
    window: windowIn(last),
  }
}
