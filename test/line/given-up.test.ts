import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type PaymentKey, seconds } from '../../src/domain/ids.ts'
import type { Parts } from '../../src/ports/parts.ts'
import { openWorld, type RunningGateway, type World } from '../support/world.ts'

const AFTER = '/v2/after'
const DEAR = '/v2/after-dear'

// Between the two questions to the store no real part can be made to step; here the parts themselves are held up.
let world: World
let gateway: RunningGateway
beforeAll(async () => {
  world = await openWorld({
    work: false,
    pricing: (pricing) => {
      const { routes } = pricing
      pricing['leaseMs'] = 300
      routes[`GET ${AFTER}`] = { upstream: 'api', price: '$0.034', settle: 'after' }
      routes[`POST ${DEAR}`] = { upstream: 'api', price: '$100', settle: 'after' }
    },
  })
})
afterAll(() => world.stop())
beforeEach(async () => {
  gateway = await world.addGateway()
  world.upstream.hits.length = 0
  world.upstream.behave(undefined)
})

const put = (parts: Partial<Parts>) => Object.assign(gateway.app.parts, parts)
const keyOf = (payment: { payload: { authorization: { from: string; nonce: string } } }): PaymentKey => {
  const { from, nonce } = payment.payload.authorization
  return `${world.evm.network}:${world.evm.assets.USDC}:${from}:${nonce}`.toLowerCase() as PaymentKey
}

/** Something that happens once, and whoever waits for it. */
function moment() {
  let happen = () => {}
  const happened = new Promise<void>((resolve) => (happen = resolve))
  return { happen, happened }
}

test('a payment held for one route and released reaches the upstream of no other that it was not checked for', async () => {
  const { v2 } = await world.sign({}, AFTER)
  const { store } = gateway.app.parts
  const [recalled, released, worked] = [moment(), moment(), moment()]
  const claim: typeof store.claim = async (asked, lease) => {
    if (asked.terms.route.endsWith(DEAR)) {
      recalled.happen()
      await released.happened
    }
    return store.claim(asked, lease)
  }
  put({ store: { ...store, claim } })
  world.upstream.behave((_, response) => void worked.happened.then(() => response.writeHead(500).end()))
  const first = world.call(v2, { target: AFTER, gateway })
  await expect.poll(() => world.upstream.hits.length, { timeout: 5_000 }).toBe(1)
  const second = world.call(v2, { target: DEAR, method: 'POST', gateway })
  await recalled.happened
  worked.happen()
  expect(await first).toMatchObject({ status: 502, json: { charged: false } })
  world.upstream.behave(undefined)
  released.happen()
  expect(await second).toMatchObject({ status: 409, json: { code: 'payment_in_flight' } })
  expect(world.upstream.hits.map(({ target }) => target)).toEqual([AFTER])
  expect(await store.read(keyOf(v2))).toBeUndefined()
  expect(await world.call(v2, { target: AFTER, gateway })).toMatchObject({ status: 200 })
})

test('a claim given up because its network was shut meanwhile is renewed no more', async () => {
  const { store, quarantine } = gateway.app.parts
  const renewed: PaymentKey[] = []
  let shut = false
  const claim: typeof store.claim = async (asked, lease) => {
    const result = await store.claim(asked, lease)
    shut = true
    return result
  }
  const renew: typeof store.renew = (key, token, lease) => {
    renewed.push(key)
    return store.renew(key, token, lease)
  }
  const { v2: given } = await world.sign({}, AFTER)
  put({ store: { ...store, claim, renew }, quarantine: { isShut: () => shut, retryAfter: () => seconds(1) } })
  expect(await world.call(given, { target: AFTER, gateway })).toMatchObject({
    status: 503,
    json: { code: 'network_shut' },
  })
  expect(await store.read(keyOf(given))).toBeUndefined()

  // The lease of another one that is worked on is renewed as often: three times later the first would have been, too.
  put({ store: { ...store, renew }, quarantine })
  const { v2: other } = await world.sign({}, AFTER)
  const worked = moment()
  world.upstream.behave((_, response) => void worked.happened.then(() => response.end('worked')))
  renewed.length = 0
  const call = world.call(other, { target: AFTER, gateway })
  const renewals = () => renewed.filter((key) => key === keyOf(other)).length
  await expect.poll(renewals, { timeout: 5_000 }).toBeGreaterThanOrEqual(3)
  worked.happen()
  expect(await call).toMatchObject({ status: 200 })
  expect(renewed).not.toContain(keyOf(given))
})
