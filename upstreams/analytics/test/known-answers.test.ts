import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { at } from '../at.ts'
import { indicatorsOf } from '../indicators.ts'
import { loadApple } from '../load.ts'
import type { Overview } from '../overview.ts'
import { WINDOWS } from '../series.ts'
import known from './known-answers.json' with { type: 'json' }
import { expectNear, type Service, serve } from './serve.ts'

/** Expected values are of known-answers.py, which shares no code and no library with the service. */
describe('known answers', () => {
  let service: Service
  beforeAll(async () => {
    service = await serve()
  })
  afterAll(() => service.close())

  const first = async (target: string) => (await service.get(target)).json.data[0]

  it('reads the very file the answers were computed from', () => {
    const path = createRequire(import.meta.url).resolve('@observablehq/sample-datasets/aapl.csv')
    expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(known.source.sha256)
  })

  it.each(Object.entries(known.ohlcv))(
    'ohlcv: the range %s begins, ends and counts as it should',
    async (_, expected) => {
      const range = `from=${expected.from}&to=${expected.to}`
      const { total, rows } = await first(`/v2/ohlcv?symbol=AAPL&${range}&limit=366`)
      expect(total).toBe(expected.total)
      expect(rows).toHaveLength(Math.min(366, expected.total))
      expectNear(rows.at(-1), expected.last)
      const earliest = await first(`/v2/ohlcv?symbol=AAPL&from=${expected.from}&to=${expected.first.date}`)
      expectNear(earliest.rows[0], expected.first)
    },
  )

  it.each(WINDOWS)('quantmetrics over %s', async (window) => {
    expectNear(await first(`/v2/quantmetrics?symbol=AAPL&window=${window}`), known.metrics[window])
    expectNear(await first(`/v2/quantmetrics?symbol=BTC&window=${window}`), known.metrics_btc[window])
  })

  it.each(WINDOWS)('quantmetrics over %s at a risk-free rate of 2 %%', async (window) => {
    const expected = known.metrics_risk_free_2pc[window]
    expectNear(await first(`/v2/quantmetrics?symbol=AAPL&window=${window}&risk_free=0.02`), expected)
    expect(expected.sharpe).toBeLessThan(known.metrics[window].sharpe)
  })

  it.each(Object.entries(known.indicators))('SMA, EMA, RSI, MACD, ATR and Bollinger on %s', (day, expected) => {
    const apple = loadApple()
    expectNear(at(indicatorsOf(apple), apple.time.indexOf(day)), expected)
  })

  it('trading-signals: indicators, score and the day it changed', async () => {
    const signal = await first('/v2/trading-signals?symbol=AAPL')
    expectNear(signal, known.signal)
    expectNear(signal.indicators, known.indicators['2018-05-11'])
  })

  it.each(WINDOWS)('correlations over %s, on common days', async (window) => {
    const { correlation } = (await service.get(`/v2/market-indicators?window=${window}`)).json as Overview
    for (const [pair, expected] of Object.entries(known.correlation[window])) {
      const [row, column] = pair.split('-').map((symbol) => correlation.symbols.indexOf(symbol))
      const cell = (matrix: number[][]) => matrix[row ?? -1]?.[column ?? -1]
      expectNear({ value: cell(correlation.matrix), observations: cell(correlation.observations) }, expected, pair)
    }
  })

  it.each([
    ['AAPL', known.levels],
    ['BTC', known.levels_btc],
  ])('resistance-support of %s', async (symbol, expected) => {
    const { levels } = await first(`/v2/resistance-support?symbol=${symbol}`)
    expect(levels).toHaveLength(Object.keys(expected).length)
    expectNear(levels, expected)
  })

  it('tm-grade of a share', async () => {
    const { tm_grade, coverage, parts } = await first('/v2/tm-grade?symbol=AAPL')
    const { trader, investor } = parts
    expectNear({ tm_grade, coverage, trader: trader.grade, investor: investor.grade }, known.grade)
  })

  it('token-details: changes, range and volume', async () => {
    const { change, ...rest } = await first('/v2/token-details?symbol=AAPL')
    expectNear({ ...rest, ...change }, known.details)
  })

  it.each(Object.entries(known.prediction))('price-prediction of %s', async (symbol, { scenarios, ...expected }) => {
    const prediction = await first(`/v2/price-prediction?symbol=${symbol}`)
    expectNear(prediction, expected)
    for (const scenario of prediction.scenarios)
      expectNear(scenario, scenarios[scenario.label as keyof typeof scenarios])
  })
})
