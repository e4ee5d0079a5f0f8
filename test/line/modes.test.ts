import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Faults, faultyRpc } from '../support/rpc-proxy.ts'
import { openWorld, type World } from '../support/world.ts'

const PRICE = 34_000n
const PARALLEL = '/v2/parallel'
const AFTER = '/v2/after'

let world: World
let node: Faults
beforeAll(async () => {
  let rpcUrl = ''
  world = await openWorld({
    work: false,
    pricing: ({ networks, routes, upstreams }, { evm }) => {
      rpcUrl = evm.rpcUrl
      networks['base'] = { ...networks['base'], rpc: node?.url ?? evm.rpcUrl, confirmMs: 1_500 }
      upstreams['api'] = { ...upstreams['api'], timeoutMs: 2_000 }
      routes[`GET ${PARALLEL}`] = { upstream: 'api', price: '$0.034', settle: 'parallel' }
      routes[`GET ${AFTER}`] = { upstream: 'api', price: '$0.034', settle: 'after' }
      routes[`POST ${AFTER}`] = { upstream: 'api', price: '$0.034', settle: 'after' }
    },
  })
  node = await faultyRpc(rpcUrl)
})
afterAll(async () => {
  await node.stop()
  await world.stop()
})
beforeEach(() => {
  world.upstream.hits.length = 0
  world.upstream.behave(undefined)
})
afterEach(() => {
  node.fail(undefined)
  node.before(/./, undefined)
})

describe.each([PARALLEL, AFTER])('%s', (target) => {
  test('serves, charges once, and refuses a replay', async () => {
    const before = await world.revenue()
    const { v2 } = await world.sign({}, target)
    expect(await world.call(v2, { target })).toMatchObject({ status: 200, json: { data: 'sold' } })
    expect(await world.call(v2, { target })).toMatchObject({ status: 402, json: { code: 'payment_already_used' } })
    expect(world.upstream.hits).toHaveLength(1)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('does not call the upstream for a payment that the simulation refuses', async () => {
    const { v2 } = await world.sign({ privateKey: generatePrivateKey() }, target)
    expect(await world.call(v2, { target })).toMatchObject({ status: 402, json: { code: 'insufficient_funds' } })
    expect(world.upstream.hits).toHaveLength(0)
  })

  test('hands out nothing, not even an error’s body, when the payer is drained after the simulation', async () => {
    const gateway = await world.addGateway()
    const privateKey = generatePrivateKey()
    const payer = privateKeyToAddress(privateKey)
    await world.evm.fund(payer, { usdc: PRICE })
    const { v2: first } = await world.sign({ privateKey }, target)
    world.upstream.behave((_, response) => {
      response.writeHead(404).end('priced words')
    })
    node.before(/eth_sendRawTransaction/, async () => {
      await world.evm.testClient.request({
        method: 'anvil_dealERC20' as never,
        params: [payer, world.evm.assets.USDC, '0x0'] as never,
      })
    })
    const refused = await world.call(first, { target, gateway })
    expect([402, 503]).toContain(refused.status)
    expect(refused.text).not.toContain('priced words')
    expect(refused.json.charged).not.toBe(true)
    await gateway.stop()
  })

  test('hands out nothing while the settlement is unknown, and serves when it is known', async () => {
    const gateway = await world.addGateway()
    const before = await world.revenue()
    const { v2 } = await world.sign({}, target)
    node.fail({ fault: 'deaf', methods: /eth_sendRawTransaction|eth_getTransactionReceipt|eth_getLogs/ })
    const unknown = await world.call(v2, { target, gateway })
    expect(unknown).toMatchObject({ status: 503, json: { charged: 'unknown' } })
    expect(unknown.headers.get('payment-required')).toBeNull()
    node.fail(undefined)
    await expect.poll(async () => (await world.call(v2, { target, gateway })).status, { timeout: 8_000 }).toBe(200)
    expect(await world.revenue()).toBe(before + PRICE)
    await gateway.stop()
  })
})

describe('a route that settles last', () => {
  test.each<[string, Parameters<World['upstream']['behave']>[0]]>([
    ['fails', (_, response) => void response.writeHead(500).end('trace')],
    ['hangs', () => undefined],
    [
      'breaks off',
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' })
        response.write('half', () => response.socket?.destroy())
      },
    ],
  ])('charges nothing when the upstream %s, and the payment stays good', async (_, behaviour) => {
    const before = await world.revenue()
    const { v2 } = await world.sign({}, AFTER)
    world.upstream.behave(behaviour)
    expect(await world.call(v2, { target: AFTER })).toMatchObject({
      status: 502,
      json: { code: 'upstream_unavailable', charged: false },
    })
    expect(await world.revenue()).toBe(before)
    world.upstream.behave(undefined)
    expect(await world.call(v2, { target: AFTER })).toMatchObject({ status: 200 })
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('is no way to free calls by hanging up: the work is charged once, and its answer kept', async () => {
    const before = await world.revenue()
    const { v2 } = await world.sign({}, AFTER)
    world.upstream.behave((_, response) => void setTimeout(() => response.end('worked'), 500))
    await expect(world.call(v2, { target: AFTER, signal: AbortSignal.timeout(200) })).rejects.toThrow()
    await expect.poll(async () => (await world.call(v2, { target: AFTER })).text, { timeout: 8_000 }).toBe('worked')
    expect(world.upstream.hits).toHaveLength(1)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('lets go of an upstream that trickles without end, whether anybody waits or not, and the payment stays good', async () => {
    const before = await world.revenue()
    const { v2 } = await world.sign({}, AFTER)
    let [begun, closed] = [false, false]
    world.upstream.behave((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const trickle = setInterval(() => response.write(': ping\n\n'), 100)
      response.once('close', () => {
        clearInterval(trickle)
        closed = true
      })
      begun = true
    })
    const leaving = new AbortController()
    const call = world.call(v2, { target: AFTER, signal: leaving.signal })
    const left = expect(call).rejects.toThrow()
    await expect.poll(() => begun, { timeout: 5_000 }).toBe(true)
    leaving.abort()
    await left
    await expect.poll(() => closed, { timeout: 8_000 }).toBe(true)
    world.upstream.behave(undefined)
    await expect.poll(async () => (await world.call(v2, { target: AFTER })).status, { timeout: 5_000 }).toBe(200)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('charges nothing for an answer that is too large to hold', async () => {
    const before = await world.revenue()
    const { v2 } = await world.sign({}, AFTER)
    world.upstream.behave((_, response) => void response.end(Buffer.alloc(9 * 1_048_576)))
    expect(await world.call(v2, { target: AFTER })).toMatchObject({
      status: 502,
      json: { code: 'response_too_large', charged: false },
    })
    expect(await world.revenue()).toBe(before)
  })

  test('wants an authorization that outlives the upstream', async () => {
    const { v2 } = await world.sign(
      { authorization: { validBefore: String(Math.floor(Date.now() / 1_000) + 7) } },
      AFTER,
    )
    expect(await world.call(v2, { target: AFTER })).toMatchObject({
      status: 402,
      json: { code: 'invalid_exact_evm_payload_authorization_valid_before' },
    })
    expect(world.upstream.hits).toHaveLength(0)
  })
})

test('a payer with many unsettled payments is forwarded for only once each is settled', async () => {
  const gateway = await world.addGateway()
  const privateKey = generatePrivateKey()
  await world.evm.fund(privateKeyToAddress(privateKey), { usdc: PRICE * 20n })
  const payments = await Promise.all(Array.from({ length: 8 }, () => world.sign({ privateKey }, PARALLEL)))
  node.fail({ fault: 'down', methods: /eth_sendRawTransaction|eth_getTransactionReceipt|eth_getLogs/ })
  for (const { v2 } of payments) {
    const refused = await world.call(v2, { target: PARALLEL, gateway })
    expect([409, 503]).toContain(refused.status)
  }
  expect(world.upstream.hits.length).toBeLessThanOrEqual(4)
  node.fail(undefined)
  await gateway.stop()
})

test('neither is one forwarded for more often who brings as many payments at once', async () => {
  const gateway = await world.addGateway()
  const privateKey = generatePrivateKey()
  await world.evm.fund(privateKeyToAddress(privateKey), { usdc: PRICE * 20n })
  const payments = await Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      const target = `${PARALLEL}?call=${index}`
      return { target, payment: (await world.sign({ privateKey }, target)).v2 }
    }),
  )
  node.fail({ fault: 'down', methods: /eth_sendRawTransaction|eth_getTransactionReceipt|eth_getLogs/ })
  const answers = await Promise.all(payments.map(({ target, payment }) => world.call(payment, { target, gateway })))
  for (const { status } of answers) expect([409, 503]).toContain(status)
  expect(world.upstream.hits.length).toBeGreaterThan(0)
  expect(world.upstream.hits.length).toBeLessThanOrEqual(4)
  node.fail(undefined)
  await gateway.stop()
})
