import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { decode } from '../support/evm-payment.ts'
import { newPayer, type Payer } from '../support/payer.ts'
import { openWorld, type World } from '../support/world.ts'

const PRICE = 34_000n

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())
afterEach(() => {
  world.upstream.behave(undefined)
  world.upstream.hits.length = 0
})
const sign = async (by: Payer) => (await world.sign({ privateKey: by.privateKey })).v2

const failures: [string, Parameters<World['upstream']['behave']>[0]][] = [
  ['answers 500', (_, response) => void response.writeHead(500).end('secret stack trace')],
  ['resets', (_, response) => void response.socket?.destroy()],
  ['hangs', () => undefined],
  [
    'breaks off its body',
    (_, response) => {
      response.writeHead(200, { 'content-length': '100000' })
      response.write('x'.repeat(50_000), () => response.socket?.destroy())
    },
  ],
]
test.each(failures)(
  'T8: the upstream %s: 502 with receipt and credit, which a new payment redeems without being charged',
  async (_, behaviour) => {
    const before = await world.revenue()
    const payer = await newPayer(world.evm)
    const [first, second] = [await sign(payer), await sign(payer)]
    world.upstream.behave(behaviour)
    const failed = await world.call(first)
    expect(failed).toMatchObject({ status: 502, json: { code: 'upstream_failed', charged: true } })
    expect(failed.text).not.toContain('secret')
    const receipt = decode(failed.headers.get('payment-response') ?? '')
    expect(receipt).toMatchObject({ success: true, extensions: { farebox: { credit: true } } })

    world.upstream.behave(undefined)
    const served = await world.call(second)
    expect(served).toMatchObject({ status: 200, json: { data: 'sold' } })
    expect(decode(served.headers.get('payment-response') ?? '')).toMatchObject({ transaction: receipt['transaction'] })
    for (const payment of [first, second])
      expect(await world.call(payment)).toMatchObject({ status: 402, json: { code: 'payment_already_used' } })
    expect(world.upstream.hits).toHaveLength(2)
    expect(await world.revenue()).toBe(before + PRICE)
  },
)

test('T8: three tries at most, by whichever payment; then it is kept for a refund', async () => {
  const before = await world.revenue()
  const payer = await newPayer(world.evm)
  world.upstream.behave((_, response) => void response.writeHead(503).end())
  const payments = [await sign(payer), await sign(payer), await sign(payer)]
  const codes = ['upstream_failed', 'upstream_failed', 'delivery_exhausted']
  for (const [index, payment] of payments.entries())
    expect(await world.call(payment)).toMatchObject({ status: 502, json: { code: codes[index], charged: true } })
  world.upstream.behave(undefined)
  expect(await world.call(payments[0])).toMatchObject({
    status: 502,
    json: { code: 'delivery_exhausted', charged: true },
  })
  expect(world.upstream.hits).toHaveLength(3)
  expect(await world.revenue()).toBe(before + PRICE)
})

test('T8: the caller hangs up while it is served: the same payment is answered later, and charged once', async () => {
  const before = await world.revenue()
  const payment = await sign(await newPayer(world.evm))
  const hangUp = new AbortController()
  let cancelled = false
  world.upstream.behave((_, response) => {
    response.once('close', () => {
      cancelled = true
    })
    hangUp.abort()
  })
  await expect(world.call(payment, { signal: hangUp.signal })).rejects.toThrow()
  await expect.poll(() => cancelled).toBe(true)
  world.upstream.behave(undefined)
  await expect.poll(async () => (await world.call(payment)).status).toBe(200)
  expect(await world.call(payment)).toMatchObject({ status: 402, json: { code: 'payment_already_used' } })
  expect(await world.revenue()).toBe(before + PRICE)
})
