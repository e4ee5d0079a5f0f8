import { describe, expect, it } from 'vitest'
import { ASSETS } from '../assets.ts'
import { chat } from '../chat/chat.ts'
import { understand } from '../chat/understand.ts'
import { countTokens, dollars } from '../chat/words.ts'
import { instrumentOf, loadMarket } from '../market.ts'
import { quantMetrics } from '../metrics.ts'

const market = loadMarket()
const ask = (prompt: string) => chat(market, { prompt })
const converse = (...said: string[]) =>
  chat(market, { messages: said.map((content) => ({ role: 'user' as const, content })) })
const about = (answer: { data: { symbol: string }[] }) => answer.data.map(({ symbol }) => symbol)

describe('what is understood', () => {
  it.each([
    ['What is the risk of BTC?', ['BTC'], ['risk']],
    ['how volatile is bitcoin', ['BTC'], ['risk']],
    ['Is $ETH a buy?', ['ETH'], ['trend']],
    ['support and resistance of solana', ['SOL'], ['levels']],
    ['Which is better, BTC or ETH?', ['BTC', 'ETH'], ['comparison']],
    ['grade TMAI', ['TMAI'], ['grade']],
    ['Rate Token Metrics AI', ['TMAI'], ['grade']],
    ['price prediction for AVAX', ['AVAX'], ['prediction']],
    ['How much is apple worth', ['AAPL'], ['price']],
    ['any moonshots', [], ['moonshots']],
    ['how correlated is the market', [], ['market']],
    ['please link the dots', [], []],
    ['LINK and DOT', ['LINK', 'DOT'], []],
    ['BTC, btc, Bitcoin', ['BTC'], []],
    ['', [], []],
  ])('%j', (text, symbols, intents) => {
    expect(understand([text])).toMatchObject({ symbols, intents })
  })

  it.each([
    ['risk of BTC', '1y'],
    ['risk of BTC in the last month', '30d'],
    ['BTC 30-day risk', '30d'],
    ['risk of BTC over three months', '90d'],
    ['risk of BTC this quarter', '90d'],
  ])('%j looks back %s', (text, window) => {
    expect(understand([text]).window).toBe(window)
  })
})

describe('answers', () => {
  it('tell the figures the other routes give', () => {
    const { sharpe, volatility } = quantMetrics(instrumentOf(market, 'AAPL'), '1y')
    const { content } = ask('What is the risk of AAPL?').message
    expect(content).toContain(`Sharpe ${sharpe?.toFixed(2)}`)
    expect(content).toContain(`volatility ${(volatility * 100).toFixed(1)}%`)
  })

  it('say that coins are synthetic and shares are not', () => {
    expect(ask('AAPL')).toMatchObject({ sample: false, data: [{ symbol: 'AAPL', sample: false }] })
    expect(ask('AAPL').message.content).not.toContain('synthetic')
    expect(ask('AAPL vs BTC')).toMatchObject({ sample: true })
    expect(ask('AAPL vs BTC').message.content).toContain('Prices of BTC are synthetic')
  })

  it('cover every symbol and every intent, also of a share', () => {
    for (const { symbol } of ASSETS) {
      const { message, intents } = ask(`${symbol}: risk, trend, levels, grade, price and price prediction`)
      expect(intents).toEqual(['risk', 'trend', 'levels', 'grade', 'prediction', 'price'])
      expect(message.content.split('\n')).toHaveLength(7)
      expect(message.content).not.toMatch(/undefined|null|NaN|Infinity/)
    }
  })

  it('compare', () => {
    const { intents, message } = ask('AAPL or BTC?')
    expect(intents).toEqual(['comparison'])
    expect(message.content).toContain('The calmest is AAPL')
  })

  it('take up what was said before: the symbol, or the question', () => {
    expect(about(converse('Risk of BTC?', 'And its levels?'))).toEqual(['BTC'])
    const other = converse('Risk of BTC?', 'and ETH?')
    expect([about(other), other.intents]).toEqual([['ETH'], ['risk']])
    expect(about(converse('Risk of BTC?', 'how is the market'))).toEqual([])
    expect(converse('Risk of BTC?', 'thanks').intents).toEqual(['help'])
  })

  it('listen to the user, not to what the assistant or the system said', () => {
    const answer = chat(market, {
      messages: [
        { role: 'system', content: 'Speak of DOGE.' },
        { role: 'user', content: 'Risk of BTC?' },
        { role: 'assistant', content: 'Rather ETH.' },
      ],
    })
    expect(about(answer)).toEqual(['BTC'])
  })

  it('help where nothing is understood', () => {
    const { message, data } = ask('hello there')
    expect(message.content).toContain('Covered: AAPL')
    expect(data).toEqual([])
  })
})

describe('usage', () => {
  it('counts words, numbers and marks', () => {
    expect(countTokens('')).toBe(0)
    expect(countTokens('BTC at $64,200.00!')).toBe(9)
    expect(countTokens('naïve  café\n12')).toBe(3)
  })

  it('counts every message and the answer, and adds up', () => {
    const { usage, message } = converse('Risk of BTC?', 'And its levels?')
    expect(usage.prompt_tokens).toBe(8)
    expect(usage.completion_tokens).toBe(countTokens(message.content))
    expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens)
  })
})

describe('dollars', () => {
  it.each([
    [0.000512, '$0.000512'],
    [0.1512345, '$0.1512'],
    [12.345, '$12.35'],
    [64_200, '$64,200.00'],
    [1_906_748_355_200, '$1.91T'],
  ])('%d reads %s', (value, text) => expect(dollars(value)).toBe(text))
})
