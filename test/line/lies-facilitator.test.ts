import type { Hex } from 'viem'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { decode } from '../support/evm-payment.ts'
import { type Lie, type Reply, startFacilitator, type TestFacilitator } from '../support/facilitator.ts'
import { newPayer, type Payer } from '../support/payer.ts'
import { type Answer, openWorld, type RunningGateway, type World } from '../support/world.ts'

const PRICE = 34_000n

let world: World
let facilitator: TestFacilitator
let gateway: RunningGateway
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())
// Each test has a facilitator, a gateway and a payer of its own: what one test did to a breaker is not the next one's affair.
let payer: Payer
const begin = async (confirmMs = 600): Promise<void> => {
  facilitator = await startFacilitator(world.evm)
  gateway = await world.addGateway(({ networks }) => {
    const { relayer: _, ...base } = networks['base'] ?? {}
    networks['base'] = { ...base, facilitator: facilitator.url, confirmMs }
  })
  payer = await newPayer(world.evm)
  world.upstream.hits.length = 0
}
afterEach(async () => {
  await gateway.stop()
  await facilitator.stop()
})

const sign = (by = payer) => world.sign({ privateKey: by.privateKey })
const call = (payment: { x402Version: number }): Promise<Answer> => world.call(payment, { gateway })
const says = (answer: object): Reply => ({ body: JSON.stringify(answer) })
const success = (transaction: string): Reply =>
  says({ success: true, transaction, network: 'eip155:84532', payer: '0x' })
const failure = (transaction = ''): Reply =>
  says({ success: false, errorReason: 'unexpected_settle_error', transaction, network: 'eip155:84532' })
const transactionOf = ({ headers }: Answer): string =>
  decode<{ transaction: string }>(headers.get('payment-response') ?? '').transaction

/** Neither served nor asked to pay again, and the same when asked once more. */
const expectPending = async (payment: { x402Version: number }): Promise<void> => {
  for (let count = 0; count < 2; count++) {
    const refused = await call(payment)
    expect(refused).toMatchObject({ status: 503, json: { code: 'settlement_pending', charged: 'unknown' } })
    expect(refused.headers.get('payment-required')).toBeNull()
    expect(refused.headers.get('retry-after')).not.toBeNull()
    expect(refused.text).not.toContain('secret')
  }
  expect(world.upstream.hits).toHaveLength(0)
  expect(facilitator.settlements()).toHaveLength(1)
}
/** Served once, after the reconciler has let go of it if it was at it. */
const expectServedOnce = async (payment: { x402Version: number }): Promise<void> => {
  await expect.poll(async () => (await call(payment)).status, { timeout: 10_000 }).toBe(200)
  expect(await call(payment)).toMatchObject({ status: 402, json: { code: 'payment_already_used' } })
  expect(world.upstream.hits).toHaveLength(1)
}

describe('T7: a facilitator claims success, and the money did not move', () => {
  const nobody: Hex = `0x${'12'.repeat(20)}`
  const proofs: [string, () => Promise<string>][] = [
    ['no transaction', async () => ''],
    ['an invented hash', async () => `0x${'12'.repeat(32)}`],
    ['what is no hash', async () => 'latest'],
    [
      'the hash of another payment, which was served',
      async () => {
        const { v2 } = await sign(await newPayer(world.evm))
        const served = await world.call(v2)
        world.upstream.hits.length = 0
        return transactionOf(served)
      },
    ],
    [
      'the hash of an exact transfer to the payee that uses no authorization',
      () => payer.transfer(world.evm.assets.USDC, world.evm.accounts.payee.address, PRICE),
    ],
    [
      'the hash of another token’s transfer of the same amount',
      () => payer.transfer(world.evm.assets.TMAI, world.evm.accounts.payee.address, PRICE),
    ],
    ['the hash of a transfer to somebody else', () => payer.transfer(world.evm.assets.USDC, nobody, PRICE)],
    [
      'the hash of a transfer that reverted',
      () => payer.transfer(world.evm.assets.USDC, world.evm.accounts.payee.address, 10n ** 18n),
    ],
  ]
  test.each(proofs)('T7: %s', async (_, proof) => {
    await begin()
    const { v2 } = await sign()
    const reply = success(await proof())
    const before = await world.revenue()
    facilitator.lie({ path: '/settle', reply })
    await expectPending(v2)
    expect(await world.revenue()).toBe(before)
  })

  test('T7: the hash of the cancellation, which leaves the authorization used as far as authorizationState tells', async () => {
    await begin()
    const { v2 } = await sign()
    const before = await world.revenue()
    facilitator.lie(async ({ path }) => {
      if (path !== '/settle') return undefined
      return { path, reply: success(await payer.cancel(world.evm.assets.USDC, v2.payload.authorization.nonce as Hex)) }
    })
    expect(await call(v2)).toMatchObject({ status: 503, json: { code: 'settlement_pending' } })
    // Once the cancellation is final the key closes as void: still nothing served.
    expect((await call(v2)).status).not.toBe(200)
    expect(world.upstream.hits).toHaveLength(0)
    expect(await world.revenue()).toBe(before)
  })

  test('T7: one transfer is not counted for two payments at once, whichever comes first', async () => {
    await begin(1_500)
    const other = await newPayer(world.evm)
    const [honest, false_] = [await sign(), await sign(other)]
    const before = await world.revenue()
    let tell: (hash: string) => void = () => undefined
    const hash = new Promise<string>((resolve) => {
      tell = resolve
    })
    facilitator.lie(async ({ path, body }) => {
      const { nonce } = body?.paymentPayload.payload.authorization ?? {}
      if (path !== '/settle' || nonce !== false_.v2.payload.authorization.nonce) return undefined
      return { path, reply: success(await hash) }
    })
    const [served, refused] = await Promise.all([
      call(honest.v2).then((answer) => {
        tell(transactionOf(answer))
        return answer
      }),
      call(false_.v2),
    ])
    expect(served).toMatchObject({ status: 200, json: { data: 'sold' } })
    expect(refused).toMatchObject({ status: 503, json: { code: 'settlement_pending' } })
    expect(await call(false_.v2)).toMatchObject({ status: 503, json: { code: 'settlement_pending' } })
    expect(world.upstream.hits).toHaveLength(1)
    expect(await world.revenue()).toBe(before + PRICE)
  })
})

describe('T6: a facilitator settles and says something else', () => {
  const lies: [string, Lie][] = [
    ['cuts the line', { path: '/settle', settleFirst: true, reply: 'cut' }],
    ['answers nothing', { path: '/settle', settleFirst: true, reply: 'hang' }],
    ['answers HTML', { path: '/settle', settleFirst: true, reply: { body: '<html>secret</html>' } }],
    ['says that it failed', { path: '/settle', settleFirst: true, reply: failure() }],
    ['names a hash that is not it', { path: '/settle', settleFirst: true, reply: success(`0x${'34'.repeat(32)}`) }],
    ['answers slowly', { path: '/settle', delayMs: 400 }],
  ]
  test.each(lies)('T6: %s: the chain is asked, and the call served', async (_, lie) => {
    await begin()
    const before = await world.revenue()
    const { v2 } = await sign()
    facilitator.lie(lie)
    await expectServedOnce(v2)
    expect(facilitator.settlements()).toHaveLength(1)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  const late: [string, Lie['reply']][] = [
    ['after it answered nothing', 'hang'],
    ['after it cut the line', 'cut'],
    ['after it said success', success(`0x${'56'.repeat(32)}`)],
    ['after it said failure', failure()],
    ['after it said failure and named a transaction', failure(`0x${'78'.repeat(32)}`)],
  ]
  test.each(late)(
    'T6: it settles late, %s: 503 first, then the same payment is served once',
    async (_, reply = 'hang') => {
      await begin()
      let settleNow: () => void = () => undefined
      const settleAfter = new Promise<void>((resolve) => {
        settleNow = resolve
      })
      const before = await world.revenue()
      const { v2 } = await sign()
      facilitator.lie({ path: '/settle', settleAfter, reply })
      await expectPending(v2)
      expect(await world.revenue()).toBe(before)
      settleNow()
      await facilitator.settled()
      await expectServedOnce(v2)
      expect(facilitator.settlements()).toHaveLength(1)
      expect(await world.revenue()).toBe(before + PRICE)
    },
  )

  test('T6: while it may still settle, a new payment for the same request is not charged either', async () => {
    await begin()
    const before = await world.revenue()
    const [first, second] = [await sign(), await sign()]
    facilitator.lie({ path: '/settle', reply: 'cut' })
    await expectPending(first.v2)
    facilitator.lie(undefined)
    const refused = await call(second.v2)
    expect(refused).toMatchObject({ status: 409, json: { code: 'earlier_payment_pending', charged: false } })
    expect(refused.headers.get('payment-required')).toBeNull()
    expect(facilitator.settlements()).toHaveLength(1)
    expect(world.upstream.hits).toHaveLength(0)
    expect(await world.revenue()).toBe(before)
  })
})

describe('T16: a facilitator answers what is no answer', () => {
  const answers: [string, Reply][] = [
    ['HTML', { body: '<html>secret</html>' }],
    ['{}', says({})],
    ['null', { body: 'null' }],
    ['success that is no boolean', says({ success: 'true', transaction: `0x${'12'.repeat(32)}` })],
    ['a redirect', { status: 307, headers: { location: 'http://127.0.0.1:1/settle' }, body: '' }],
    ['an error', { status: 500, body: '{"error":"secret"}' }],
    ['402', { status: 402, body: '{"error":"secret"}' }],
    ['nothing', 'cut'],
    ['nothing, and holds the line', 'hang'],
  ]
  test.each(answers)('T16: %s: 503, neither served nor asked to pay again', async (_, reply) => {
    await begin()
    const { v2 } = await sign()
    const before = await world.revenue()
    facilitator.lie({ path: '/settle', reply })
    await expectPending(v2)
    expect(await world.revenue()).toBe(before)
  })

  test('T16: an answer of 100 MB is not read', async () => {
    await begin()
    const { v2 } = await sign()
    facilitator.lie({ path: '/settle', reply: { megabytes: 100 } })
    await expectPending(v2)
    expect(facilitator.sent()).toBeGreaterThan(0)
    // What fits into the buffers of two sockets.
    expect(facilitator.sent()).toBeLessThan(20 * 1_048_576)
  })

  test.each<[string, Reply]>([
    ['HTML', { body: '<html></html>' }],
    ['{}', says({})],
    ['another network', says({ kinds: [{ x402Version: 2, scheme: 'exact', network: 'eip155:8453' }] })],
    ['a redirect', { status: 307, headers: { location: 'http://127.0.0.1:1/supported' }, body: '' }],
    ['nothing', 'cut'],
    ['100 MB', { megabytes: 100 }],
  ])('T16: /supported answers %s: no offer, 503 instead of a price nobody can settle', async (_, reply) => {
    await begin()
    facilitator.lie({ path: '/supported', reply })
    const started = await world.addGateway(({ networks }) => {
      const { relayer: _, ...base } = networks['base'] ?? {}
      networks['base'] = { ...base, facilitator: facilitator.url }
    })
    const { v2 } = await sign()
    for (const payment of [undefined, v2]) {
      const answer = await world.call(payment, { gateway: started })
      expect(answer).toMatchObject({ status: 503, json: { code: 'facilitator_unavailable', charged: false } })
      expect(answer.headers.get('payment-required')).toBeNull()
    }
    expect(facilitator.settlements()).toHaveLength(0)
    expect(world.upstream.hits).toHaveLength(0)
    await started.stop()
  })
})
