import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { submit } from '../support/evm-submit.ts'
import { type Faults, faultyRpc } from '../support/rpc-proxy.ts'
import { rpc, signSolana } from '../support/solana-client.ts'
import { openWorld, TARGET, type World } from '../support/world.ts'

const PRICE = 34_000n

describe('a chain whose node fails', () => {
  let world: World
  let base: Faults
  let solana: Faults
  beforeAll(async () => {
    world = await openWorld({ solana: true })
    ;[base, solana] = await Promise.all([faultyRpc(world.evm.rpcUrl), faultyRpc(world.solana?.rpcUrl ?? '')])
  })
  afterAll(async () => {
    await world.stop()
    await Promise.all([base.stop(), solana.stop()])
  })
  afterEach(() => {
    base.before(/./, undefined)
    base.fail(undefined)
    solana.fail(undefined)
    world.upstream.hits.length = 0
  })
  const faulty = () =>
    world.addGateway(({ networks }) => {
      networks['base'] = { ...networks['base'], rpc: base.url, confirmMs: 1_500 }
      networks['solana'] = { ...networks['solana'], rpc: solana.url, confirmMs: 1_500 }
    })

  test.each(['down', 'html', 'empty', 'null', 'redirect', 'error'] as const)(
    '%s: 503, nothing sent, nothing served, the payment still good',
    async (fault) => {
      const gateway = await faulty()
      const before = await world.revenue()
      const { v2 } = await world.sign()
      base.fail({ fault, methods: /./ })
      expect(await world.call(v2, { gateway })).toMatchObject({
        status: 503,
        json: { code: 'chain_unavailable', charged: false },
      })
      base.fail(undefined)
      expect(world.upstream.hits).toHaveLength(0)
      expect(await world.call(v2, { gateway })).toMatchObject({ status: 200 })
      expect(await world.revenue()).toBe(before + PRICE)
    },
  )

  test('Base: a transaction that was sent and not answered is neither served nor charged again until the chain is asked', async () => {
    const gateway = await faulty()
    const before = await world.revenue()
    const { v2 } = await world.sign()
    // The transaction goes out; its answer and every later look at the chain are lost.
    base.fail({ fault: 'deaf', methods: /sendRawTransaction|Receipt|getLogs/ })
    const pending = await world.call(v2, { gateway })
    expect(pending).toMatchObject({ status: 503, json: { code: 'settlement_pending', charged: 'unknown' } })
    expect(pending.headers.get('retry-after')).not.toBeNull()
    expect(pending.headers.get('payment-required')).toBeNull()
    expect(await world.call(v2, { gateway })).toMatchObject({ status: 503, json: { code: 'settlement_pending' } })
    expect(world.upstream.hits).toHaveLength(0)
    base.fail(undefined)
    expect(await world.call(v2, { gateway })).toMatchObject({ status: 200, json: { data: 'sold' } })
    expect(await world.call(v2, { gateway })).toMatchObject({ status: 402, json: { code: 'payment_already_used' } })
    expect(world.upstream.hits).toHaveLength(1)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('Solana: a transaction whose fate is unknown is asked about, then served once', async () => {
    const gateway = await faulty()
    const chain = world.solana
    if (!chain) throw new Error('no Solana')
    const offer = (await world.offers(TARGET, gateway)).find(({ network }) => network === chain.network)
    if (!offer) throw new Error('no offer')
    const { v2 } = await signSolana(chain, offer)
    solana.fail({ fault: 'deaf', methods: /sendTransaction|getSignatureStatuses|getTransaction/ })
    expect(await world.call(v2, { gateway })).toMatchObject({
      status: 503,
      json: { code: 'settlement_pending', charged: 'unknown' },
    })
    expect(world.upstream.hits).toHaveLength(0)
    solana.fail(undefined)
    expect(await world.call(v2, { gateway })).toMatchObject({ status: 200 })
    expect(world.upstream.hits).toHaveLength(1)
  })

  test('Base: another authorization with the same nonce cannot take over what is open', async () => {
    const gateway = await faulty()
    const nonce = `0x${'5a'.repeat(32)}`
    const first = await world.sign({ authorization: { nonce } })
    base.fail({ fault: 'deaf', methods: /sendRawTransaction|Receipt|getLogs/ })
    expect(await world.call(first.v2, { gateway })).toMatchObject({ status: 503, json: { code: 'settlement_pending' } })
    base.fail(undefined)
    const { payer } = world.evm.accounts
    const other = await world.sign({ authorization: { nonce, to: payer.address, value: '1' } })
    expect(await world.call(other.v2, { gateway })).toMatchObject({
      status: 409,
      json: { code: 'payment_for_other_request' },
    })
    expect(world.upstream.hits).toHaveLength(0)
    expect(await world.call(first.v2, { gateway })).toMatchObject({ status: 200 })
  })

  test('Base: an authorization that somebody else submits first is seen to be paid, and served', async () => {
    const gateway = await faulty()
    const before = await world.revenue()
    const { v2 } = await world.sign()
    base.before(/sendRawTransaction/, async () => {
      base.before(/./, undefined)
      await submit(world.evm, v2.payload)
    })
    expect(await world.call(v2, { gateway })).toMatchObject({ status: 200, json: { data: 'sold' } })
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('Base: after an outage the relayer goes on where it was', async () => {
    const gateway = await faulty()
    const { v2: lost } = await world.sign()
    base.fail({ fault: 'down', methods: /sendRawTransaction|Receipt|getLogs/ })
    expect(await world.call(lost, { gateway })).toMatchObject({ status: 503, json: { code: 'settlement_pending' } })
    base.fail(undefined)
    const { v2 } = await world.sign()
    const before = await world.revenue()
    await expect.poll(async () => (await world.call(v2, { gateway })).status, { timeout: 10_000 }).toBe(200)
    // Both were for one call: the lost one was settled after all, and paid for it.
    expect(await world.call(lost, { gateway })).toMatchObject({ status: 402, json: { code: 'payment_already_used' } })
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('Solana: an odd answer to the question how a transaction fares ends nothing', async () => {
    const gateway = await faulty()
    const chain = world.solana
    const offer = (await world.offers(TARGET, gateway)).find(({ network }) => network === chain?.network)
    if (!chain || !offer) throw new Error('no Solana')
    const { v2 } = await signSolana(chain, offer)
    solana.fail({ fault: 'null', methods: /getSignatureStatuses/ })
    expect(await world.call(v2, { gateway })).toMatchObject({ status: 503, json: { code: 'settlement_pending' } })
    solana.fail(undefined)
    expect(await world.call(v2, { gateway })).toMatchObject({ status: 200 })
  })

  test('Base: a relayer nonce that somebody else used is passed over', async () => {
    const gateway = await faulty()
    const first = await world.sign()
    expect(await world.call(first.v2, { gateway })).toMatchObject({ status: 200 })
    const { relayer } = world.evm.accounts
    await rpc(world.evm.rpcUrl, 'anvil_impersonateAccount', [relayer.address])
    await rpc(world.evm.rpcUrl, 'eth_sendTransaction', [{ from: relayer.address, to: relayer.address, value: '0x0' }])
    await sleep(50)
    const second = await world.sign()
    expect(await world.call(second.v2, { gateway })).toMatchObject({ status: 200 })
  })
})
