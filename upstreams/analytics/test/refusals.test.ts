import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COINS, SYMBOLS } from '../assets.ts'
import { ROUTES } from '../routes.ts'
import { type Answer, type Service, serve } from './serve.ts'

let service: Service
beforeAll(async () => {
  service = await serve()
})
afterAll(() => service.close())

function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  expect(answer.json).toMatchObject({ type: `urn:farebox:analytics:${code}`, status, code })
  expect(answer.json.title).toEqual(expect.any(String))
  expect(answer.json.detail).toEqual(expect.any(String))
}

const withSymbol = ROUTES.filter(({ query }) => 'symbol' in query.shape)

describe.each(withSymbol)('symbol of $path', ({ path }) => {
  const permitted = path.includes('hourly') || path.includes('prediction') ? COINS : SYMBOLS

  it.each([
    ['', 'missing_parameter'],
    ['symbol=', 'unknown_symbol'],
    ['symbol=NOPE', 'unknown_symbol'],
    ['symbol=btc', 'unknown_symbol'],
    ['symbol=BTC,', 'unknown_symbol'],
    ['symbol=,BTC', 'unknown_symbol'],
    ['symbol=BTC,%20ETH', 'unknown_symbol'],
    ['symbol=BTC;ETH', 'unknown_symbol'],
    ['symbol=BTC%0A', 'unknown_symbol'],
    ['symbol=%00', 'unknown_symbol'],
    ['symbol=BTC,ETH,BTC', 'repeated_symbol'],
    [`symbol=${COINS.slice(0, 11)}`, 'too_many_symbols'],
    ['symbol=BTC&symbol=ETH', 'repeated_parameter'],
    ['symbol[]=BTC', 'unknown_parameter'],
    ['symbol=BTC&x=1', 'unknown_parameter'],
    ['symbol=BTC&__proto__=1', 'unknown_parameter'],
    ['symbol=BTC&constructor=1', 'unknown_parameter'],
    ['symbol=BTC&Symbol=BTC', 'unknown_parameter'],
  ])('%j is refused as %s', async (query, code) => {
    const answer = await service.get(`${path}?${query}`)
    expectProblem(answer, 400, code)
    if (/symbol/.test(code) || code === 'missing_parameter') expect(answer.json.permitted).toEqual(permitted)
  })

  it('takes ten at once', async () => {
    const ten = COINS.slice(0, 10)
    const answer = await service.get(`${path}?symbol=${ten}`)
    expect(answer.json.data.map((row: { symbol: string }) => row.symbol)).toEqual(ten)
  })
})

describe('other parameters', () => {
  it.each([
    ['/v2/quantmetrics?symbol=BTC&window=2y', 'unknown_window'],
    ['/v2/quantmetrics?symbol=BTC&window=', 'unknown_window'],
    ['/v2/market-indicators?window=1Y', 'unknown_window'],
    ['/v2/resistance-support?symbol=BTC&timeframe=1m', 'unknown_timeframe'],
    ['/v2/moonshots?signal=buy', 'unknown_signal'],
    ['/v2/moonshots?min_grade=101', 'invalid_parameter'],
    ['/v2/moonshots?min_grade=-1', 'invalid_parameter'],
    ['/v2/moonshots?min_grade=high', 'invalid_parameter'],
    ['/v2/moonshots?limit=0', 'invalid_parameter'],
    ['/v2/moonshots?limit=13', 'invalid_parameter'],
    ['/v2/ohlcv?symbol=BTC&limit=367', 'invalid_parameter'],
    ['/v2/ohlcv?symbol=BTC&limit=1.5', 'invalid_parameter'],
    ['/v2/ohlcv?symbol=BTC&limit=', 'invalid_parameter'],
    ['/v2/ohlcv?symbol=BTC&limit=Infinity', 'invalid_parameter'],
    ['/v2/ohlcv?symbol=BTC&from=2018-1-1', 'invalid_parameter'],
    ['/v2/ohlcv?symbol=BTC&from=2018-13-01', 'invalid_parameter'],
    ['/v2/ohlcv?symbol=BTC&to=2018-05-11T00:00:00Z', 'invalid_parameter'],
    ['/v2/quantmetrics?symbol=BTC&risk_free=1.1', 'invalid_parameter'],
    ['/v2/quantmetrics?symbol=BTC&risk_free=NaN', 'invalid_parameter'],
    ['/v2/indices?window=30d', 'unknown_parameter'],
    ['/v2/status?verbose=1', 'unknown_parameter'],
  ])('%s is refused as %s, with what is permitted', async (target, code) => {
    const answer = await service.get(target)
    expectProblem(answer, 400, code)
    expect(answer.json.parameter).toEqual(expect.any(String))
    expect(answer.json.permitted).toBeTypeOf('object')
  })
})

describe('bodies of /v2/ai-chat', () => {
  const user = { role: 'user', content: 'BTC' }

  it.each([
    [{}, 'invalid_body'],
    [{ prompt: 'BTC', messages: [user] }, 'invalid_body'],
    [{ prompt: '' }, 'invalid_body'],
    [{ prompt: null }, 'invalid_body'],
    [{ prompt: 'x'.repeat(2001) }, 'invalid_body'],
    [{ prompt: ['BTC'] }, 'invalid_body'],
    [{ messages: [] }, 'invalid_body'],
    [{ messages: Array(21).fill(user) }, 'invalid_body'],
    [{ messages: [{ role: 'tool', content: 'BTC' }] }, 'invalid_body'],
    [{ messages: [{ role: 'user' }] }, 'invalid_body'],
    [{ messages: [{ ...user, name: 'x' }] }, 'invalid_body'],
    [{ prompt: 'BTC', model: 'x' }, 'invalid_body'],
    ['{"prompt":"BTC","__proto__":{}}', 'invalid_body'],
    [[user], 'invalid_body'],
    ['{', 'malformed_json'],
    ['"BTC"', 'malformed_json'],
    ['', 'invalid_body'],
  ])('%j is refused as %s', async (body, code) => {
    expectProblem(await service.post('/v2/ai-chat', body), 400, code)
  })

  it('takes the longest text there may be, counted by character', async () => {
    const longest = { messages: Array(20).fill({ role: 'user', content: '😀'.repeat(2000) }) }
    expect((await service.post('/v2/ai-chat', longest)).status).toBe(200)
    expect((await service.post('/v2/ai-chat', { prompt: '😀'.repeat(2001) })).status).toBe(400)
  })

  it('refuses a query, another content type, compression, and more than a mebibyte', async () => {
    expectProblem(await service.post('/v2/ai-chat?x=1', { prompt: 'BTC' }), 400, 'unknown_parameter')
    const plain = { 'content-type': 'text/plain' }
    expectProblem(await service.post('/v2/ai-chat', { prompt: 'BTC' }, plain), 415, 'unsupported_media_type')
    const packed = { 'content-encoding': 'gzip' }
    expectProblem(await service.post('/v2/ai-chat', { prompt: 'BTC' }, packed), 415, 'unsupported_media_type')
    expectProblem(await service.post('/v2/ai-chat', { prompt: 'x'.repeat(1_100_000) }), 413, 'body_too_large')
  })
})

describe('paths and methods', () => {
  it.each([
    '/',
    '/v2',
    '/v2/',
    '/v2/nothing',
    '/v2/indices/',
    '/V2/indices',
    '//v2/indices',
    '/v2/indices%2f',
    '/v2/%zz',
  ])('%s is not found', async (path) => expectProblem(await service.get(path), 404, 'route_not_found'))

  it.each(ROUTES)('$method $path takes no other method', async ({ method, path }) => {
    for (const other of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter((one) => one !== method)) {
      const answer = await service.send(path, { method: other })
      expectProblem(answer, 405, 'method_not_allowed')
      expect(answer.headers.get('allow')).toContain(method)
    }
  })

  it('answers HEAD as GET, without the body', async () => {
    const answer = await service.send('/v2/indices', { method: 'HEAD' })
    expect(answer.status).toBe(200)
    expect(answer.text).toBe('')
  })
})
