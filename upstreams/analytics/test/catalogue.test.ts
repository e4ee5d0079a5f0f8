import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SYMBOLS } from '../assets.ts'
import listed from '../catalogue.json' with { type: 'json' }
import { catalogue, keyOf } from '../catalogue.ts'
import { ROUTES, type Route } from '../routes.ts'
import { type Service, serve } from './serve.ts'

type Shape = { type?: string; enum?: string[]; minimum?: number; maximum?: number; pattern?: string }
type Listed = {
  price?: string
  free?: boolean
  description: string
  input: { query: { properties: Record<string, Shape>; required?: string[] }; body?: object }
  output: object
}

const entries = listed as Record<string, Listed>
const entryOf = (route: Route): Listed => entries[keyOf(route)] as Listed

/** As the gateway checks requests: values of a query are text, read as the type they should be. */
const ajv = new Ajv2020({ coerceTypes: true, strict: true, allErrors: true })
const strict = new Ajv2020({ strict: true })

describe('catalogue.json', () => {
  it('is what the code makes (else: node --import tsx upstreams/analytics/write-catalogue.ts)', () => {
    expect(listed).toEqual(JSON.parse(JSON.stringify(catalogue())))
  })

  it('lists every route, and only the status as free', () => {
    expect(Object.keys(listed)).toEqual(ROUTES.map(keyOf))
    expect(Object.keys(listed)).toHaveLength(13)
    for (const [key, { free, price }] of Object.entries(entries)) {
      expect([free, price === undefined], key).toEqual(key === 'GET /v2/status' ? [true, true] : [undefined, false])
    }
  })

  it('prices from $0.017 to $0.068, ohlcv among the cheapest and ai-chat among the dearest', () => {
    const prices = Object.values(entries).flatMap(({ price }) => price ?? [])
    for (const price of prices) expect(price).toMatch(/^\$0\.0\d\d$/)
    const dollars = prices.map((price) => Number(price.slice(1)))
    expect([Math.min(...dollars), Math.max(...dollars)]).toEqual([0.017, 0.068])
    expect(entries['GET /v2/ohlcv']?.price).toBe('$0.017')
    expect(entries['POST /v2/ai-chat']?.price).toBe('$0.068')
  })

  it('is compact enough to travel in a header', () => {
    for (const [key, entry] of Object.entries(entries)) {
      expect(entry.description.length, key).toBeLessThan(160)
      expect(JSON.stringify(entry).length, key).toBeLessThan(2_000)
    }
  })

  it('has scalars alone in queries, closed, and bodies on POST alone', () => {
    for (const route of ROUTES) {
      const { query, body } = entryOf(route).input
      expect(query).toMatchObject({ type: 'object', additionalProperties: false })
      for (const { type } of Object.values(query.properties))
        expect(['string', 'integer', 'number', 'boolean']).toContain(type)
      expect(body !== undefined).toBe(route.method === 'POST')
    }
  })
})

/** Texts that mean `value` to whoever reads a number. */
function spellings(value: number): fc.Arbitrary<string> {
  return fc.constantFrom(`${value}`, ` ${value}`, value.toFixed(3), value.toExponential(), `0${value}`)
}

/** Values a property might be sent with: good ones, bounds and neighbours, and noise. */
function candidates(name: string, shape: Shape): fc.Arbitrary<string> {
  const noise = fc.oneof(
    fc.string(),
    fc.constantFrom('', ' ', 'null', 'true', 'NaN', 'Infinity', '-0', '0x10', '1e3', '1_0', 'BTC', '30d', '2018-05-11'),
  )
  const symbols = fc
    .shuffledSubarray([...SYMBOLS], { minLength: 1, maxLength: 11 })
    .chain((some) => fc.constantFrom(some.join(','), `${some.join(',')},${some[0]}`, some.join(',').toLowerCase()))
  const days = fc
    .tuple(fc.integer({ min: 1999, max: 2031 }), fc.integer({ min: 0, max: 13 }), fc.integer({ min: 0, max: 32 }))
    .map(([year, month, day]) => `${year}-${`${month}`.padStart(2, '0')}-${`${day}`.padStart(2, '0')}`)
  const { minimum = 0, maximum = 1 } = shape
  const numbers = fc
    .oneof(
      fc.integer({ min: minimum - 2, max: maximum + 2 }),
      fc.constantFrom(minimum, maximum, minimum - 1, maximum + 1),
      fc.double({ min: minimum - 1, max: maximum + 1, noNaN: true }),
    )
    .chain(spellings)
  const likely = shape.enum
    ? fc.constantFrom(...shape.enum)
    : name === 'symbol'
      ? symbols
      : shape.pattern
        ? days
        : numbers
  return fc.oneof({ arbitrary: likely, weight: 9 }, { arbitrary: noise, weight: 1 })
}

function queries({ input }: Listed): fc.Arbitrary<Record<string, string>> {
  const { properties, required = [] } = input.query
  const known = Object.fromEntries(Object.entries(properties).map(([name, shape]) => [name, candidates(name, shape)]))
  const proper = fc.record(known, { requiredKeys: required })
  const odd = fc.record({ ...known, extra: fc.string(), ['__proto__']: fc.string() }, { requiredKeys: [] })
  return fc.oneof({ arbitrary: proper, weight: 9 }, { arbitrary: odd, weight: 1 })
}

const text = fc.oneof(
  fc.string(),
  fc.constantFrom('', 'x'.repeat(2000), 'x'.repeat(2001), '😀'.repeat(2000), 'BTC risk'),
)
const scalar = fc.oneof(
  { arbitrary: text, weight: 8 },
  { arbitrary: fc.constantFrom(5, -0, 1e21, true, null, [], {}), weight: 1 },
)
const role = fc.constantFrom('system', 'user', 'assistant', 'tool', 5)
const message = fc.oneof(
  { arbitrary: fc.record({ role, content: scalar }), weight: 9 },
  { arbitrary: fc.record({ role, content: scalar, name: text }, { requiredKeys: [] }), weight: 1 },
)
const bodies = fc.oneof(
  fc.record({ prompt: scalar }),
  fc.record({ messages: fc.array(message, { maxLength: 3 }) }),
  fc.record({ messages: fc.array(fc.constant({ role: 'user', content: 'BTC' }), { minLength: 19, maxLength: 22 }) }),
  fc.record({ prompt: scalar, messages: fc.array(message), model: text }, { requiredKeys: [] }),
  fc.jsonValue(),
)

describe('what the catalogue permits is what the service takes', () => {
  let service: Service
  beforeAll(async () => {
    service = await serve()
  })
  afterAll(() => service.close())

  /** Validation alters what it coerces, so it gets a copy. */
  const permits = (validate: ValidateFunction, value: unknown) => validate(structuredClone(value))

  it.each(ROUTES.map((route) => [keyOf(route), route] as const))('%s, its query', async (_, route) => {
    const entry = entryOf(route)
    const validate = ajv.compile(entry.input.query)
    const seen = { permitted: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(queries(entry), async (query) => {
        const target = `${route.path}?${new URLSearchParams(query)}`
        const { status, text } = route.body ? await service.post(target, { prompt: 'BTC' }) : await service.get(target)
        const permitted = permits(validate, query)
        seen[permitted ? 'permitted' : 'refused']++
        expect(status, `${target} ${text.slice(0, 300)}`).toBe(permitted ? 200 : 400)
      }),
      { numRuns: 200 },
    )
    expect(seen.permitted).toBeGreaterThan(0)
    expect(seen.refused).toBeGreaterThan(0)
  })

  it('POST /v2/ai-chat, its body', async () => {
    const validate = ajv.compile(entries['POST /v2/ai-chat']?.input.body ?? false)
    const seen = { permitted: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const sent = JSON.stringify(body)
        const { status, text } = await service.post('/v2/ai-chat', sent)
        const permitted = permits(validate, JSON.parse(sent))
        seen[permitted ? 'permitted' : 'refused']++
        expect(status, `${sent.slice(0, 300)} ${text.slice(0, 300)}`).toBe(permitted ? 200 : 400)
      }),
      { numRuns: 400 },
    )
    expect(seen.permitted).toBeGreaterThan(50)
    expect(seen.refused).toBeGreaterThan(50)
  })

  it.each(ROUTES.map((route) => [keyOf(route), route] as const))(
    '%s answers as its output schema says',
    async (_, route) => {
      const { input, output } = entryOf(route)
      const validate = strict.compile(output)
      const accepts = ajv.compile(input.query)
      const coins = ['ETH,SOL,TMAI', 'DOGE']
      const symbols = accepts({ symbol: 'AAPL' }) ? [...coins, 'AAPL', 'AAPL,BTC'] : coins
      const queries = input.query.required?.includes('symbol') ? symbols.map((some) => `?symbol=${some}`) : ['']
      for (const query of queries) {
        const { json } = route.body
          ? await service.post(route.path, { messages: [{ role: 'user', content: 'Compare BTC and AAPL' }] })
          : await service.get(route.path + query)
        expect(validate(json), JSON.stringify(validate.errors)).toBe(true)
      }
    },
  )
})
