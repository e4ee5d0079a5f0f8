import { randomBytes } from 'node:crypto'
import { appendPaymentIdentifierToExtensions } from '@x402/extensions/payment-identifier'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { decode } from '../support/evm-payment.ts'
import { openWorld, TARGET, type World } from '../support/world.ts'

const PRICE = 34_000n

describe.each(['redis', 'lmdb'] as const)('a payment identifier, on %s', (store) => {
  let world: World
  beforeAll(async () => {
    world = await openWorld({
      store,
      pricing: ({ routes }) => {
        routes['GET /v2/named'] = { ...routes['GET /v2/data'], paymentIdentifier: 'required' }
      },
    })
  })
  afterAll(() => world.stop())
  beforeEach(() => {
    world.upstream.hits.length = 0
    world.upstream.behave(undefined)
  })
  const newName = () => `call_${randomBytes(12).toString('hex')}`
  /** A new authorization for the route, with the name put in by the extension's own client function. */
  async function named(id: string, target = TARGET) {
    const answer = await world.call(undefined, { target })
    const { extensions } = decode<{ extensions: Record<string, unknown> }>(answer.headers.get('payment-required') ?? '')
    const { v2 } = await world.sign({}, target)
    return { ...v2, extensions: appendPaymentIdentifierToExtensions(extensions, id) }
  }

  test('answers a retry with the stored response byte for byte, its receipt included, and charges nothing', async () => {
    const body = randomBytes(70_000)
    world.upstream.behave((_, response) =>
      response.writeHead(201, { 'content-type': 'application/octet-stream', 'content-language': 'de' }).end(body),
    )
    const before = await world.revenue()
    const id = newName()
    const call = async (payment: object) => {
      const answer = await fetch(`${world.gateway.url}${TARGET}`, {
        headers: { 'payment-signature': Buffer.from(JSON.stringify(payment)).toString('base64') },
      })
      const kept = ['content-type', 'content-language', 'content-length', 'payment-response']
      return {
        status: answer.status,
        headers: kept.map((name) => answer.headers.get(name)),
        body: Buffer.from(await answer.arrayBuffer()),
      }
    }
    const first = await named(id)
    const served = await call(first)
    expect(served.status).toBe(201)
    expect(served.body.equals(body)).toBe(true)
    // The same payment again, and a new one as wrappers sign it.
    expect(await call(first)).toEqual(served)
    expect(await call(await named(id))).toEqual(served)
    expect(world.upstream.hits).toHaveLength(1)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('that is used for another request is refused, and the payment stays unspent', async () => {
    const before = await world.revenue()
    const id = newName()
    expect((await world.call(await named(id))).status).toBe(200)
    const target = '/v2/data?symbol=ETH'
    const refused = await world.call(await named(id, target), { target })
    expect(refused).toMatchObject({ status: 409, json: { code: 'payment_identifier_conflict', charged: false } })
    expect(refused.headers.get('payment-required')).toBeNull()
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('keeps a second payment from being settled while the first is under way', async () => {
    const before = await world.revenue()
    const id = newName()
    const payments = await Promise.all(Array.from({ length: 8 }, () => named(id)))
    const answers = await Promise.all(payments.map((payment) => world.call(payment)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]))
    expect(world.upstream.hits).toHaveLength(1)
    expect(await world.revenue()).toBe(before + PRICE)
    for (const payment of payments) expect((await world.call(payment)).status).toBe(200)
    expect(world.upstream.hits).toHaveLength(1)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('belongs to its payer', async () => {
    const id = newName()
    await world.call(await named(id))
    const stranger = generatePrivateKey()
    await world.evm.fund(privateKeyToAddress(stranger), { usdc: PRICE })
    const { v2 } = await world.sign({ privateKey: stranger })
    const before = await world.revenue()
    const answer = await world.call({ ...v2, extensions: { 'payment-identifier': { info: { id } } } } as typeof v2)
    expect(answer.status).toBe(200)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('of a failed call is served from its credit', async () => {
    const before = await world.revenue()
    const id = newName()
    world.upstream.behave((_, response) => void response.writeHead(500).end())
    expect(await world.call(await named(id))).toMatchObject({ status: 502 })
    world.upstream.behave(undefined)
    const served = await world.call(await named(id))
    expect(served.status).toBe(200)
    expect((await world.call(await named(id))).text).toBe(served.text)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('that the route requires is asked for, in both protocols', async () => {
    const target = '/v2/named?symbol=BTC'
    const { v1, v2 } = await world.sign({}, target)
    const before = await world.revenue()
    for (const payment of [v1, v2])
      expect(await world.call(payment, { target })).toMatchObject({
        status: 400,
        json: { code: 'payment_identifier_required', charged: false },
      })
    expect(await world.revenue()).toBe(before)
    expect((await world.call(await named(newName(), target), { target })).status).toBe(200)
  })

  test.each(['short', 'x'.repeat(129), 'with space in it 123', 'ünïcode-ünïcode-ünïcode'])(
    '%j is malformed',
    async (id) => {
      const { v2 } = await world.sign()
      expect(
        await world.call({ ...v2, extensions: { 'payment-identifier': { info: { id } } } } as typeof v2),
      ).toMatchObject({
        status: 400,
        json: { code: 'payment_identifier_invalid', charged: false },
      })
    },
  )
})
