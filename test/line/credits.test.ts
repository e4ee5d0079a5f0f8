import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { decode } from '../support/evm-payment.ts'
import { type Answer, openWorld, type World } from '../support/world.ts'

const PRICE = 34_000n

const transactionOf = ({ headers }: Answer): unknown => decode(headers.get('payment-response') ?? '')['transaction']

describe.each(['redis', 'lmdb'] as const)('owed service, on %s', (store) => {
  let world: World
  beforeAll(async () => {
    world = await openWorld({ store })
  })
  afterAll(() => world.stop())
  beforeEach(() => {
    world.upstream.hits.length = 0
    world.upstream.behave(undefined)
  })
  /** Pays for a call that the upstream fails. */
  async function owed(target?: string) {
    const { v2 } = await world.sign({}, target)
    world.upstream.behave((_, response) => void response.writeHead(500).end())
    const failed = await world.call(v2, target === undefined ? {} : { target })
    expect(failed).toMatchObject({ status: 502, json: { code: 'upstream_failed', charged: true } })
    world.upstream.behave(undefined)
    return { v2, failed }
  }

  test('is redeemed by a new payment for the same request, which stays unspent', async () => {
    const before = await world.revenue()
    const { v2: first, failed } = await owed()
    const { v2: second } = await world.sign()
    const served = await world.call(second)
    expect(served).toMatchObject({ status: 200, json: { data: 'sold' } })
    expect(transactionOf(served)).toBe(transactionOf(failed))
    expect(await world.revenue()).toBe(before + PRICE)
    for (const payment of [first, second])
      expect(await world.call(payment)).toMatchObject({ status: 402, json: { code: 'payment_already_used' } })
    // The upstream could tell that both calls were one.
    expect(new Set(world.upstream.hits.map(({ headers }) => headers['x-farebox-payment'])).size).toBe(1)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('pays for no other request, and no other payer’s', async () => {
    const before = await world.revenue()
    const { v2: first } = await owed()
    const { v2: other } = await world.sign({}, '/v2/data?symbol=ETH')
    expect(await world.call(other, { target: '/v2/data?symbol=ETH' })).toMatchObject({ status: 200 })
    expect(await world.revenue()).toBe(before + PRICE * 2n)
    expect(await world.call(first)).toMatchObject({ status: 200 })
    expect(await world.revenue()).toBe(before + PRICE * 2n)
  })

  test('that fails again leaves the new payment unspent and usable', async () => {
    const before = await world.revenue()
    await owed()
    const { v2: second } = await world.sign()
    world.upstream.behave((_, response) => void response.writeHead(503).end())
    expect(await world.call(second)).toMatchObject({ status: 502, json: { code: 'upstream_failed' } })
    world.upstream.behave(undefined)
    expect(await world.call(second)).toMatchObject({ status: 200 })
    expect(await world.revenue()).toBe(before + PRICE)
    expect(world.upstream.hits).toHaveLength(3)
  })

  test('is redeemed once by many new payments at once; the others buy for themselves or wait', async () => {
    const before = await world.revenue()
    await owed()
    const payments = await Promise.all(Array.from({ length: 6 }, () => world.sign()))
    const answers = await Promise.all(payments.map(({ v2 }) => world.call(v2)))
    const served = answers.filter(({ status }) => status === 200)
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true)
    expect(new Set(served.map(transactionOf)).size).toBe(served.length)
    expect(await world.revenue()).toBe(before + PRICE * BigInt(served.length))
  })
})
