import { generatePrivateKey } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { decode } from '../support/evm-payment.ts'
import { type Lie, startFacilitator, type TestFacilitator } from '../support/facilitator.ts'
import { openWorld, type RunningGateway, type World } from '../support/world.ts'

const PRICE = 34_000n

let world: World
let facilitator: TestFacilitator
let gateway: RunningGateway
beforeAll(async () => {
  world = await openWorld()
  facilitator = await startFacilitator(world.evm)
  gateway = await world.addGateway(({ networks }) => {
    const { relayer: _, ...base } = networks['base'] ?? {}
    networks['base'] = { ...base, facilitator: facilitator.url, confirmMs: 600 }
  })
})
afterAll(async () => {
  await world.stop()
  await facilitator.stop()
})
afterEach(() => {
  facilitator.lie(undefined)
  facilitator.calls.length = 0
  world.upstream.hits.length = 0
})
const json = (value: object) => ({ body: JSON.stringify(value) })

describe('a remote facilitator that is honest', () => {
  test.each(['v1', 'v2'] as const)('settles a %s payment, which is served once', async (protocol) => {
    const before = await world.revenue()
    const { [protocol]: payment } = await world.sign()
    const served = await world.call(payment, { gateway })
    expect(served).toMatchObject({ status: 200, json: { data: 'sold' } })
    expect(
      decode(served.headers.get(protocol === 'v1' ? 'x-payment-response' : 'payment-response') ?? ''),
    ).toMatchObject({ success: true, payer: world.evm.accounts.payer.address })
    expect(facilitator.calls.filter((path) => path !== '/supported')).toEqual(['/settle'])
    expect(await world.call(payment, { gateway })).toMatchObject({
      status: 402,
      json: { code: 'payment_already_used' },
    })
    expect(await world.revenue()).toBe(before + PRICE)
  })
})

describe('a remote facilitator that lies about a settlement', () => {
  const anotherHash = async () => {
    const { v2 } = await world.sign()
    const { headers } = await world.call(v2)
    world.upstream.hits.length = 0
    return decode<{ transaction: string }>(headers.get('payment-response') ?? '').transaction
  }
  test.each<[string, () => Promise<Lie['reply']>]>([
    [
      'success with an invented hash',
      async () => json({ success: true, transaction: `0x${'12'.repeat(32)}`, network: 'eip155:84532' }),
    ],
    ['success with no hash', async () => json({ success: true, transaction: '', network: 'eip155:84532' })],
    [
      'success with the hash of another payment',
      async () => json({ success: true, transaction: await anotherHash(), network: 'eip155:84532' }),
    ],
    [
      'failure',
      async () => json({ success: false, errorReason: 'insufficient_funds', transaction: '', network: 'eip155:84532' }),
    ],
    ['HTML', async () => ({ body: '<html>ok</html>' })],
    ['{}', async () => json({})],
    ['a redirect', async () => ({ status: 307, headers: { location: 'http://127.0.0.1:1/settle' }, body: '' })],
    ['an error', async () => ({ status: 500, body: '{"error":"secret"}' })],
    ['nothing', async () => 'cut' as const],
  ])('%s: neither served nor asked to pay again', async (_, reply) => {
    const { v2 } = await world.sign()
    const answer = await reply()
    const before = await world.revenue()
    facilitator.lie({ path: '/settle', reply: answer })
    const refused = await world.call(v2, { gateway })
    expect(refused).toMatchObject({ status: 503, json: { code: 'settlement_pending', charged: 'unknown' } })
    expect(refused.headers.get('payment-required')).toBeNull()
    expect(refused.headers.get('retry-after')).not.toBeNull()
    expect(refused.text).not.toContain('secret')
    facilitator.lie(undefined)
    expect(await world.call(v2, { gateway })).toMatchObject({ status: 503, json: { code: 'settlement_pending' } })
    expect(world.upstream.hits).toHaveLength(0)
    expect(await world.revenue()).toBe(before)
  })

  test.each<[string, Lie['reply']]>([
    [
      'says that it failed',
      json({ success: false, errorReason: 'settlement_pending', transaction: '', network: 'eip155:84532' }),
    ],
    ['cuts the line', 'cut'],
    ['answers HTML', { body: '<html></html>' }],
    [
      'names a hash that is not it',
      json({ success: true, transaction: `0x${'34'.repeat(32)}`, network: 'eip155:84532' }),
    ],
  ])('settles and %s: the chain is asked, and the call served', async (_, reply) => {
    const before = await world.revenue()
    const { v2 } = await world.sign()
    facilitator.lie({ path: '/settle', settleFirst: true, reply })
    expect(await world.call(v2, { gateway })).toMatchObject({ status: 200, json: { data: 'sold' } })
    expect(world.upstream.hits).toHaveLength(1)
    expect(await world.revenue()).toBe(before + PRICE)
  })
})

test('a remote facilitator is not shown what our own node refuses', async () => {
  const { v2 } = await world.sign({ privateKey: generatePrivateKey() })
  expect(await world.call(v2, { gateway })).toMatchObject({
    status: 402,
    json: { code: 'insufficient_funds', charged: false },
  })
  expect(facilitator.calls.filter((path) => path !== '/supported')).toEqual([])
})

test('a facilitator that answers nothing has its offers withdrawn: 503 instead of a price nobody can settle', async () => {
  const silent = await world.addGateway(({ networks }) => {
    const { relayer: _, ...base } = networks['base'] ?? {}
    networks['base'] = { ...base, facilitator: 'http://127.0.0.1:9' }
  })
  const answer = await world.call(undefined, { gateway: silent })
  expect(answer).toMatchObject({ status: 503, json: { code: 'facilitator_unavailable' } })
  expect(answer.headers.get('payment-required')).toBeNull()
})
