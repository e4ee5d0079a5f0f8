import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { signSolana } from '../support/solana-client.ts'
import { type Answer, openWorld, type RunningGateway, type World } from '../support/world.ts'

const COPIES = 200
const PRICE = 34_000n
const DELAY_SECONDS = 2

let world: World
let gateways: RunningGateway[]
beforeAll(async () => {
  world = await openWorld({ store: 'redis', solana: true })
  gateways = [world.gateway, ...(await Promise.all([1, 2, 3].map(() => world.addGateway())))]
  // From here on a settlement takes two seconds.
  await world.evm.testClient.setIntervalMining({ interval: DELAY_SECONDS })
  world.solana?.setConfirmDelay(DELAY_SECONDS * 1_000)
})
afterAll(() => world.stop())
beforeEach(() => {
  world.upstream.hits.length = 0
})

type Paid = Parameters<World['call']>[0]
const everywhere = (payments: readonly Paid[]): Promise<Answer[]> =>
  Promise.all(
    Array.from({ length: COPIES }, (_, index) =>
      world.call(payments[index % payments.length], { gateway: gateways[index % gateways.length] as RunningGateway }),
    ),
  )

/** U = S = 1: one copy is served, every other one is told to wait. */
function expectServedOnce(answers: readonly Answer[]): void {
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  const others = answers.filter(({ status }) => status !== 200)
  expect(others.filter(({ status }) => status !== 409 && status !== 402)).toEqual([])
  for (const { status, headers, json } of others) {
    expect(json.code).toBe(status === 409 ? 'payment_in_flight' : 'payment_already_used')
    if (status === 409) expect(headers.get('retry-after')).not.toBeNull()
  }
  expect(world.upstream.hits).toHaveLength(1)
}

test(`T1: ${COPIES} copies of one payment at four gateways, on Base: served once, settled once`, async () => {
  const before = await world.revenue()
  const { v1, v2 } = await world.sign()
  expectServedOnce(await everywhere([v1, v2]))
  expect(await world.revenue()).toBe(before + PRICE)
})

test(`T1: ${COPIES} copies of one payment at four gateways, on Solana: served once, settled once`, async () => {
  const { solana } = world
  if (!solana) throw new Error('no Solana')
  const revenue = () => solana.balanceOf(solana.assets.USDC, solana.accounts.payee.address)
  const offer = (await world.offers()).find(({ network }) => network === solana.network)
  if (!offer) throw new Error('no offer on Solana')
  const before = await revenue()
  const { v1, v2 } = await signSolana(solana, offer)
  expectServedOnce(await everywhere([v1, v2]))
  expect(await revenue()).toBe(before + PRICE)
})
