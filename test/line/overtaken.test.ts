import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { submit } from '../support/evm-submit.ts'
import { openWorld, type World } from '../support/world.ts'

const PRICE = 34_000n
const AFTER = '/v2/after'

describe('an authorization that somebody else submits while the upstream works', () => {
  let world: World
  beforeAll(async () => {
    world = await openWorld({
      pricing: ({ routes }) => {
        routes[`GET ${AFTER}`] = { upstream: 'api', price: '$0.034', settle: 'after' }
      },
    })
  })
  afterAll(() => world.stop())
  beforeEach(() => {
    world.upstream.hits.length = 0
  })

  test('has paid for the call: it is served, and charged once', async () => {
    const before = await world.revenue()
    const { v2 } = await world.sign({}, AFTER)
    world.upstream.behave((_, response) => {
      void submit(world.evm, v2.payload).then(() => response.end('worked'))
    })
    expect(await world.call(v2, { target: AFTER })).toMatchObject({ status: 200, text: 'worked' })
    expect(await world.call(v2, { target: AFTER })).toMatchObject({
      status: 402,
      json: { code: 'payment_already_used' },
    })
    expect(world.upstream.hits).toHaveLength(1)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('is no way to a second call: what was spent before it came is refused', async () => {
    const before = await world.revenue()
    const { v2 } = await world.sign({}, AFTER)
    await submit(world.evm, v2.payload)
    expect(await world.call(v2, { target: AFTER })).toMatchObject({
      status: 402,
      json: { code: 'payment_already_used' },
    })
    expect(world.upstream.hits).toHaveLength(0)
    expect(await world.revenue()).toBe(before + PRICE)
  })
})
