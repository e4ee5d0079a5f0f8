import { describe, expect, test } from 'vitest'
import type { Catalogue, InputRules } from '../../src/domain/catalogue.ts'
import { match } from '../../src/steps/match.ts'
import { requestOf, routeOf } from '../support/fixtures.ts'

const input: InputRules = {
  singleKeys: new Set(['symbol']),
  jsonBody: false,
  query: () => undefined,
  body: () => undefined,
}
const route = routeOf({ input })
const catalogue: Catalogue = {
  version: 'v1',
  routes: new Map([
    [
      '/v2/quantmetrics',
      new Map([
        ['GET', route],
        ['HEAD', route],
      ]),
    ],
  ]),
  skewSeconds: 30,
  maxBodyBytes: 1,
  leaseMs: 1,
}
const codeOf = (target: string, method = 'GET') => {
  const result = match(requestOf(target, { method }), catalogue)
  return 'refused' in result ? result.refused : result.route.key
}

describe('a target that is a route', () => {
  test.each([
    '/v2/quantmetrics',
    '/v2/quantmetrics?',
    '/v2/quantmetrics?symbol=BTC',
    '/v2/quantmetrics?symbol=BTC%2CETH&window=30d',
  ])('%s', (target) => expect(codeOf(target)).toBe('GET /v2/quantmetrics'))
  test('is forwarded byte for byte', () => {
    const target = '/v2/quantmetrics?symbol=BTC%2cETH&&x='
    expect(match(requestOf(target), catalogue)).toMatchObject({
      target: {
        raw: target,
        query: [
          ['symbol', 'BTC,ETH'],
          ['x', ''],
        ],
      },
    })
  })
  test('HEAD is priced like GET', () => expect(codeOf('/v2/quantmetrics', 'HEAD')).toBe('GET /v2/quantmetrics'))
})

describe('a target that is none', () => {
  test.each(['/', '/v2', '/v2/quantmetricz', '/V2/quantmetrics', '/v2/QuantMetrics', '/v2/quantmetrics:x'])(
    '%s is not found',
    (target) => expect(codeOf(target)).toBe('route_not_found'),
  )
  test('another method is told apart, with what is allowed', () =>
    expect(match(requestOf('/v2/quantmetrics', { method: 'POST' }), catalogue)).toEqual({
      refused: 'method_not_allowed',
      allow: ['GET', 'HEAD', 'OPTIONS'],
    }))
})

describe('a target that can be read in two ways is refused', () => {
  test.each([
    '/v2%2Fquantmetrics',
    '/v2%2fquantmetrics',
    '/v2%5Cquantmetrics',
    '/v2\\quantmetrics',
    '//v2/quantmetrics',
    '/v2//quantmetrics',
    '/v2/quantmetrics/',
    '/v2/./quantmetrics',
    '/v2/../v2/quantmetrics',
    '/v2/%2e%2e/quantmetrics',
    '/v2/quantmetrics;x=1',
    '/v2/quantmetrics%00',
    '/v2/quantmetrics%0A',
    '/v2/quantmetrics%E2%80%A8',
    '/v2/quantmetric%73',
    'http://other/v2/quantmetrics',
    '/@host/',
    '*',
    '',
    '/v2/quantmetrics#x',
    '/v2/quantmetrics?symbol=%',
    '/v2/quantmetrics?symbol=%FF',
    '/v2/quantmetrics?a=%00',
    '/v2/quantmetrics?a=%E2%80%A8',
    '/v2/quantmetrics?a=b#c',
    '/v2/quantmetrics?a=\\',
  ])('%s', (target) => expect(codeOf(target)).toBe('ambiguous_target'))
})

describe('a query key that the route reads once', () => {
  test.each([
    'symbol=BTC&symbol=ETH',
    'symbol=BTC&%73ymbol=ETH',
    'symbol[]=BTC',
    'symbol=BTC&symbol[0]=ETH',
    'symbol&symbol',
  ])('%s is refused', (query) => expect(codeOf(`/v2/quantmetrics?${query}`)).toBe('duplicate_query_key'))
  test('others may come twice', () => expect(codeOf('/v2/quantmetrics?x=1&x=2')).toBe('GET /v2/quantmetrics'))
})
