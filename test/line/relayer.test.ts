import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { rpc } from '../support/solana-client.ts'
import { openWorld, type RunningGateway, type World } from '../support/world.ts'

const PRICE = 34_000n
const PAYMENTS = 200
const GWEI = 10n ** 9n

describe.each(['redis', 'lmdb'] as const)('two gateways that share a relayer on one %s store', (store) => {
  let world: World
  let second: RunningGateway
  beforeAll(async () => {
    world = await openWorld({ store, pricing: quick })
    second = await world.addGateway()
  })
  afterAll(() => world.stop())
  afterEach(async () => {
    await ask('evm_setAutomine', true)
  })
  /** Low delays, so that a test need not wait for what operators wait for; and an upstream that may be slow. */
  const quick: NonNullable<Parameters<World['addGateway']>[0]> = ({ networks, upstreams }) => {
    networks['base'] = { ...networks['base'], stuckMs: 400, finalityMs: 500 }
    upstreams['api'] = { ...upstreams['api'], timeoutMs: 30_000 }
  }
  const ask = <T>(method: string, ...params: unknown[]) => rpc(world.evm.rpcUrl, method, params) as Promise<T>
  const count = () => world.evm.publicClient.getTransactionCount({ address: world.evm.accounts.relayer.address })
  const many = (payments: number) => Promise.all(Array.from({ length: payments }, () => world.sign()))
  const everywhere = (payments: Awaited<ReturnType<typeof many>>) =>
    Promise.all(payments.map(({ v2 }, index) => world.call(v2, { gateway: index % 2 ? second : world.gateway })))

  test(`${PAYMENTS} payments at once: all served, each by a transfer of its own`, async () => {
    const [revenue, sent, hits] = [await world.revenue(), await count(), world.upstream.hits.length]
    const answers = await everywhere(await many(PAYMENTS))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(PAYMENTS)
    expect(new Set(answers.map(({ headers }) => headers.get('payment-response'))).size).toBe(PAYMENTS)
    expect(world.upstream.hits.length - hits).toBe(PAYMENTS)
    expect(await world.revenue()).toBe(revenue + BigInt(PAYMENTS) * PRICE)
    expect(await count()).toBe(sent + PAYMENTS)
  })

  test('payments whose transactions the base fee has outgrown are replaced, settled once and served once', async () => {
    const [revenue, sent, hits] = [await world.revenue(), await count(), world.upstream.hits.length]
    const payments = await many(4)
    await ask('evm_setAutomine', false)
    const answering = everywhere(payments)
    await expect
      .poll(() => ask<{ pending: string }>('txpool_status').then(({ pending }) => pending), { timeout: 10_000 })
      .toBe('0x4')
    await ask('anvil_setNextBlockBaseFeePerGas', `0x${(50n * GWEI).toString(16)}`)
    await ask('anvil_mine', '0x1')
    expect(await count()).toBe(sent)
    await expect
      .poll(
        async () => {
          await ask('anvil_mine', '0x1')
          return count()
        },
        { timeout: 10_000 },
      )
      .toBe(sent + 4)
    expect((await answering).map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(world.upstream.hits.length - hits).toBe(4)
    expect(await world.revenue()).toBe(revenue + 4n * PRICE)
    const events = [world.gateway, second].flatMap(({ log }) => log.lines.map(({ event }) => event))
    expect(events).toContain('transaction replaced')
  })

  test('a settlement that a reorg undoes is put on chain again, and nothing is served for it a second time', async () => {
    const [revenue, hits] = [await world.revenue(), world.upstream.hits.length]
    const { v2 } = await world.sign()
    expect(await world.call(v2)).toMatchObject({ status: 200 })
    await ask('anvil_reorg', 1, [])
    expect(await world.revenue()).toBe(revenue)
    await expect.poll(() => world.revenue(), { timeout: 10_000 }).toBe(revenue + PRICE)
    // While the reconciler has it, the answer is to wait.
    await expect.poll(async () => (await world.call(v2)).json.code, { timeout: 10_000 }).toBe('payment_already_used')
    expect(world.upstream.hits.length - hits).toBe(1)
    expect(await world.call((await world.sign()).v2)).toMatchObject({ status: 200 })
  })
})

describe('relayers of which some are empty', () => {
  let world: World
  beforeAll(async () => {
    world = await openWorld()
  })
  afterAll(() => world.stop())
  const withRelayers = (...keys: string[]) =>
    world.addGateway(({ networks }) => {
      // Every reference but the last is to nothing, so that its default holds.
      const relayer = keys.map((key, index) => `\${NO_RELAYER_${index}:-${key}}`)
      networks['base'] = { ...networks['base'], relayer }
    })

  test('the one with gas settles; while none has any, there is no offer and no payment is taken', async () => {
    const [empty, full] = [generatePrivateKey(), generatePrivateKey()]
    await world.evm.fund(privateKeyToAddress(full), { eth: 10n ** 18n })
    const [some, none] = [await withRelayers(empty, full), await withRelayers(empty)]
    await expect.poll(async () => (await world.call(undefined, { gateway: none })).status, { timeout: 5_000 }).toBe(503)
    const { v2 } = await world.sign()
    expect((await world.call(v2, { gateway: none })).status).toBe(503)
    expect(await world.call(v2, { gateway: some })).toMatchObject({ status: 200 })
    expect(await world.evm.publicClient.getTransactionCount({ address: privateKeyToAddress(full) })).toBe(1)
    expect(none.log.lines.filter(({ event }) => event === 'network withdrawn from the offer')).toHaveLength(1)
  })
})
