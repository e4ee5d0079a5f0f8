import type { CallInit, Payer } from '../../test/clients/index.ts'

/** A call that an agent buys. */
export interface Call {
  readonly target: string
  readonly init: CallInit
}

/** Who buys what. */
export interface Plan extends Call, Pick<Payer, 'client' | 'protocol'> {
  readonly chain: 'base' | 'solana'
}

/** Told step by step. */
export interface StoryPlan extends Plan {
  /** What of the answer is shown. */
  readonly shown: readonly string[]
}

const get = (target: string): Call => ({ target, init: {} })
const post = (target: string, body: unknown): Call => ({
  target,
  init: { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
})

export const STORIES: readonly StoryPlan[] = [
  {
    client: '@x402/fetch',
    protocol: 'v2',
    chain: 'base',
    ...get('/v2/quantmetrics?symbol=BTC&window=90d'),
    shown: ['symbol', 'from', 'to', 'sharpe', 'sortino', 'volatility', 'max_drawdown', 'cagr'],
  },
  {
    client: '@x402/fetch',
    protocol: 'v2',
    chain: 'solana',
    ...get('/v2/trading-signals?symbol=SOL'),
    shown: ['symbol', 'as_of', 'signal', 'score', 'price', 'changed_at', 'return_since'],
  },
]

/** One line each. */
export const OTHERS: readonly Plan[] = [
  { client: '@x402/axios', protocol: 'v2', chain: 'base', ...get('/v2/tm-grade?symbol=ETH') },
  { client: 'x402-fetch', protocol: 'v1', chain: 'base', ...get('/v2/resistance-support?symbol=BTC') },
  { client: 'x402-axios', protocol: 'v1', chain: 'base', ...get('/v2/price-prediction?symbol=SOL') },
  { client: 'viem', protocol: 'v2', chain: 'base', ...get('/v2/moonshots?limit=3') },
  { client: 'viem', protocol: 'v1', chain: 'base', ...get('/v2/token-details?symbol=LINK') },
  { client: 'x402-fetch', protocol: 'v1', chain: 'solana', ...get('/v2/indices') },
  {
    client: '@solana/web3.js',
    protocol: 'v2',
    chain: 'solana',
    ...post('/v2/ai-chat', { prompt: 'How risky is BTC over 90 days?' }),
  },
]

export const methodOf = ({ init }: Call): string => init.method ?? 'GET'
/** As people write it, without what follows the path. */
export const nameOf = (call: Call): string => `${methodOf(call)} ${call.target.split('?')[0]}`
