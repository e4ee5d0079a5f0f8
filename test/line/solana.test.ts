import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Keypair, SolanaChain } from '../../devnet/solana/index.ts'
import { startRedis } from '../support/redis-server.ts'
import { type Faults, faultyRpc } from '../support/rpc-proxy.ts'
import { signSolana } from '../support/solana-client.ts'
import { openWorld, type RunningGateway, TARGET, type World } from '../support/world.ts'

const PRICE = 34_000n
const FEE = 10_000n
const RENT_EXEMPT = 890_880n

/** Signs the Solana offer of the route. */
async function signOffer(world: World, gateway: RunningGateway, payer?: Keypair) {
  const chain = world.solana as SolanaChain
  const offer = (await world.offers(TARGET, gateway)).find(({ network }) => network === chain.network)
  if (!offer) throw new Error('no offer on Solana')
  const { v2 } = await signSolana(payer ? { ...chain, accounts: { ...chain.accounts, payer } } : chain, offer)
  return v2
}

describe('a paid call on Solana', () => {
  let world: World
  let chain: SolanaChain
  let faults: Faults
  let gateway: RunningGateway
  beforeAll(async () => {
    // Nothing is reconciled but by whoever asks again.
    world = await openWorld({ solana: true, work: false })
    chain = world.solana as SolanaChain
    faults = await faultyRpc(chain.rpcUrl)
    gateway = await world.addGateway(({ networks }) => {
      networks['solana'] = { ...networks['solana'], rpc: faults.url, confirmMs: 500 }
    })
  })
  afterAll(async () => {
    await world.stop()
    await faults.stop()
  })
  afterEach(() => {
    faults.before(/./, undefined)
    faults.fail(undefined)
    chain.setConfirmDelay(0)
    world.upstream.hits.length = 0
  })
  const revenue = () => chain.balanceOf(chain.assets.USDC, chain.accounts.payee.address)

  test('whose transaction lands late is not served before, and once after', async () => {
    const [before, payment] = [await revenue(), await signOffer(world, gateway)]
    chain.setConfirmDelay(Number.POSITIVE_INFINITY)
    for (let asked = 0; asked < 2; asked++)
      expect(await world.call(payment, { gateway })).toMatchObject({
        status: 503,
        json: { code: 'settlement_pending' },
      })
    expect(world.upstream.hits).toHaveLength(0)
    chain.setConfirmDelay(0)
    expect(await world.call(payment, { gateway })).toMatchObject({ status: 200 })
    expect(await world.call(payment, { gateway })).toMatchObject({
      status: 402,
      json: { code: 'payment_already_used' },
    })
    expect(world.upstream.hits).toHaveLength(1)
    expect(await revenue()).toBe(before + PRICE)
  })

  test('whose transaction never lands is void after its blockhash, and not charged', async () => {
    const before = await revenue()
    const payer = chain.createKeypair('whose transaction never lands')
    await chain.fund(payer.address, { usdc: PRICE })
    const payment = await signOffer(world, gateway, payer)
    faults.fail({ fault: 'down', methods: /sendTransaction/ })
    expect(await world.call(payment, { gateway })).toMatchObject({ status: 503, json: { code: 'settlement_pending' } })
    chain.advance(150)
    expect(await world.call(payment, { gateway })).toMatchObject({ status: 503, json: { code: 'settlement_pending' } })
    chain.advance(80)
    expect(await world.call(payment, { gateway })).toMatchObject({ status: 402, json: { code: 'payment_expired' } })
    faults.fail(undefined)
    expect(await revenue()).toBe(before)
    // It stands in nobody's way: the payer pays anew, with the same coins.
    expect(await world.call(await signOffer(world, gateway, payer), { gateway })).toMatchObject({ status: 200 })
    expect(world.upstream.hits).toHaveLength(1)
    expect(await revenue()).toBe(before + PRICE)
  })

  test('whose transaction fails on chain is neither charged nor served', async () => {
    const before = await revenue()
    const payer = chain.createKeypair('who spends it twice')
    await chain.fund(payer.address, { usdc: PRICE })
    const [first, second] = [await signOffer(world, gateway, payer), await signOffer(world, gateway, payer)]
    faults.before(/sendTransaction/, async () => {
      faults.before(/./, undefined)
      expect(await world.call(first)).toMatchObject({ status: 200 })
    })
    expect(await world.call(second, { gateway })).toMatchObject({
      status: 402,
      json: { code: 'invalid_transaction_state', charged: false },
    })
    expect(world.upstream.hits).toHaveLength(1)
    expect(await revenue()).toBe(before + PRICE)
  })

  test('is not offered while the fee payer is low', async () => {
    const sponsor = chain.createKeypair('low fee payer')
    await chain.fund(sponsor.address, { sol: RENT_EXEMPT + 2n * FEE })
    const poor = await world.addGateway(({ networks }) => {
      const feePayer = `\${LOW_FEE_PAYER:-${sponsor.secretKey}}`
      networks['solana'] = { ...networks['solana'], feePayer, minFloatSettlements: 2 }
    })
    const networks = async () => (await world.offers(TARGET, poor)).map(({ network }) => network)
    expect(await networks()).toContain(chain.network)
    expect(await world.call(await signOffer(world, poor), { gateway: poor })).toMatchObject({ status: 200 })
    await expect.poll(networks, { timeout: 10_000 }).toEqual([world.evm.network])
    expect(poor.log.lines.filter(({ event }) => event === 'fee payer is low: offers withdrawn')).toHaveLength(1)
  })
})

describe('a store that has forgotten', () => {
  test('T9: shuts Solana for 151 blocks, and no payment is served twice', async () => {
    const redis = await startRedis()
    const world = await openWorld({ solana: true, store: 'redis', redisUrl: redis.url })
    try {
      const chain = world.solana as SolanaChain
      const payment = await signOffer(world, world.gateway)
      expect(await world.call(payment)).toMatchObject({ status: 200 })
      await flush(redis.url)
      await expect.poll(async () => (await world.call(payment)).json.code, { timeout: 10_000 }).toBe('network_shut')
      const shut = await world.call(payment)
      expect(shut.status).toBe(503)
      expect(Number(shut.headers.get('retry-after'))).toBeGreaterThan(1)
      expect((await world.offers()).map(({ network }) => network)).toEqual([world.evm.network])
      expect(await world.call((await world.sign()).v2)).toMatchObject({ status: 200 })
      expect(world.upstream.hits).toHaveLength(2)
      const opened = async () => {
        chain.advance(40)
        return (await world.call(payment)).status
      }
      await expect.poll(opened, { timeout: 20_000, interval: 300 }).toBe(402)
      expect(await world.call(await signOffer(world, world.gateway))).toMatchObject({ status: 200 })
      expect(world.upstream.hits).toHaveLength(3)
    } finally {
      await world.stop()
      await redis.stop()
    }
  })
})

async function flush(url: string): Promise<void> {
  const client = new Redis(url)
  await client.flushall()
  client.disconnect()
}
