import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { signSolana } from '../support/solana-client.ts'
import { type Answer, openWorld, type RunningGateway, type World } from '../support/world.ts'

const COPIES = 50
const PAYMENTS = 200

/** One copy is served; every other is told to wait, or that it is too late. */
function expectOneServed(answers: readonly Answer[], world: World): void {
  const served = answers.filter(({ status }) => status === 200)
  const others = answers
    .filter(({ status }) => status !== 200)
    .map(({ status, json, headers }) =>
      [status, json.code, status === 409 ? headers.get('retry-after') !== null : null].join(' '),
    )
  expect(served).toHaveLength(1)
  expect(new Set([...others, '409 payment_in_flight true', '402 payment_already_used '])).toEqual(
    new Set(['409 payment_in_flight true', '402 payment_already_used ']),
  )
  expect(world.upstream.hits).toHaveLength(1)
}

describe.each(['redis', 'lmdb'] as const)('two gateways on one %s store', (store) => {
  let world: World
  let second: RunningGateway
  beforeAll(async () => {
    world = await openWorld({ store, solana: true })
    second = await world.addGateway()
  })
  afterAll(() => world.stop())
  beforeEach(() => {
    world.upstream.hits.length = 0
  })
  const everywhere = <T>(count: number, call: (gateway: RunningGateway, index: number) => Promise<T>) =>
    Promise.all(Array.from({ length: count }, (_, index) => call(index % 2 ? second : world.gateway, index)))

  test(`${COPIES} copies of one payment on Base: one 200, one upstream hit, one transfer`, async () => {
    const before = await world.revenue()
    const { v1, v2 } = await world.sign()
    const answers = await everywhere(COPIES, (gateway, index) => world.call(index % 3 ? v2 : v1, { gateway }))
    expectOneServed(answers, world)
    expect(await world.revenue()).toBe(before + 34_000n)
  })

  test(`${COPIES} copies of one payment on Solana: one 200, one upstream hit, one transfer`, async () => {
    const { solana } = world
    if (!solana) throw new Error('no Solana')
    const revenue = () => solana.balanceOf(solana.assets.USDC, solana.accounts.payee.address)
    const offer = (await world.offers()).find(({ network }) => network === solana.network)
    if (!offer) throw new Error('no offer on Solana')
    const before = await revenue()
    const { v1, v2 } = await signSolana(solana, offer)
    const answers = await everywhere(COPIES, (gateway, index) => world.call(index % 3 ? v2 : v1, { gateway }))
    expectOneServed(answers, world)
    expect(await revenue()).toBe(before + 34_000n)
  })

  test(`${PAYMENTS} different payments at once on one relayer key: all are served`, async () => {
    const before = await world.revenue()
    const payments = await Promise.all(Array.from({ length: PAYMENTS }, () => world.sign()))
    const answers = await Promise.all(payments.map(({ v2 }) => world.call(v2)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(PAYMENTS)
    expect(new Set(answers.map(({ headers }) => headers.get('payment-response'))).size).toBe(PAYMENTS)
    expect(world.upstream.hits).toHaveLength(PAYMENTS)
    expect(await world.revenue()).toBe(before + 34_000n * BigInt(PAYMENTS))
  })
})
