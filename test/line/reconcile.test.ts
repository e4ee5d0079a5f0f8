import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PaymentKey } from '../../src/domain/ids.ts'
import { reconcileOnce } from '../../src/workers/reconcile.ts'
import { type Faults, faultyRpc } from '../support/rpc-proxy.ts'
import { openWorld, type RunningGateway, type World } from '../support/world.ts'

const PRICE = 34_000n
const LEASE_MS = 500

describe.each(['redis', 'lmdb'] as const)('the reconciler, on %s', (store) => {
  let world: World
  let node: Faults
  /** Works through a node that fails as told, and reconciles only when the test says so. */
  let gateway: RunningGateway
  beforeAll(async () => {
    world = await openWorld({ store, work: false, pricing: (pricing) => Object.assign(pricing, { leaseMs: LEASE_MS }) })
    node = await faultyRpc(world.evm.rpcUrl)
    gateway = await world.addGateway((pricing) => {
      pricing['leaseMs'] = LEASE_MS
      pricing.upstreams['api'] = { ...pricing.upstreams['api'], timeoutMs: 4_000 }
      pricing.networks['base'] = { ...pricing.networks['base'], rpc: node.url, confirmMs: 2_500, finalityMs: 200 }
    })
    await world.evm.testClient.setIntervalMining({ interval: 1 })
  })
  afterAll(async () => {
    await node.stop()
    await world.stop()
  })

  const keyOf = (payment: { payload: { authorization: { from: string; nonce: string } } }): PaymentKey => {
    const { from, nonce } = payment.payload.authorization
    return `${world.evm.network}:${world.evm.assets.USDC}:${from}:${nonce}`.toLowerCase() as PaymentKey
  }
  const stateOf = async (key: PaymentKey) => (await gateway.store.read(key))?.state
  const pass = () => reconcileOnce(gateway.app.parts, { leaseMs: LEASE_MS })
  /** Passes until a payment stands where it should. */
  const until = (key: PaymentKey, state: string) =>
    expect
      .poll(
        async () => {
          await pass()
          return stateOf(key)
        },
        { timeout: 20_000, interval: 250 },
      )
      .toBe(state)

  test('an outcome that was unknown and was a settlement becomes a credit, redeemed by simply calling again', async () => {
    const before = await world.revenue()
    const { v2 } = await world.sign()
    node.fail({ fault: 'deaf', methods: /eth_sendRawTransaction|eth_getTransactionReceipt|eth_getLogs/ })
    expect(await world.call(v2, { gateway })).toMatchObject({ status: 503, json: { code: 'settlement_pending' } })
    expect(await stateOf(keyOf(v2))).toBe('unknown')
    node.fail(undefined)
    await until(keyOf(v2), 'credited')
    const { v2: fresh } = await world.sign()
    expect(await world.call(fresh, { gateway })).toMatchObject({ status: 200 })
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('while an earlier payment is unknown a new one for the same request is neither charged nor served', async () => {
    const before = await world.revenue()
    const { v2 } = await world.sign()
    node.fail({ fault: 'deaf', methods: /eth_sendRawTransaction|eth_getTransactionReceipt|eth_getLogs/ })
    await world.call(v2, { gateway })
    const { v2: fresh } = await world.sign()
    const refused = await world.call(fresh, { gateway })
    expect(refused).toMatchObject({ status: 409, json: { code: 'earlier_payment_pending', charged: false } })
    expect(refused.headers.get('payment-required')).toBeNull()
    expect(refused.headers.get('retry-after')).not.toBeNull()
    node.fail(undefined)
    await until(keyOf(v2), 'credited')
    expect(await world.call(fresh, { gateway })).toMatchObject({ status: 200 })
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('what was written down and never sent is sent, or ends as void; never twice', async () => {
    const before = await world.revenue()
    const { v2 } = await world.sign()
    node.fail({ fault: 'down', methods: /eth_sendRawTransaction|eth_getTransactionReceipt|eth_getLogs/ })
    expect(await world.call(v2, { gateway })).toMatchObject({ status: 503 })
    node.fail(undefined)
    await until(keyOf(v2), 'credited')
    expect(await world.revenue()).toBe(before + PRICE)
    expect(await world.call(v2, { gateway })).toMatchObject({ status: 200 })
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('a settlement is looked at again until it is final, and then left alone', async () => {
    const { v2 } = await world.sign()
    expect(await world.call(v2, { gateway })).toMatchObject({ status: 200 })
    await world.evm.testClient.mine({ blocks: 80 })
    await expect
      .poll(
        async () => {
          await pass()
          return (await gateway.store.read(keyOf(v2)))?.final
        },
        { timeout: 20_000, interval: 250 },
      )
      .toBe(true)
  })

  test('a settlement that a reorg undid is open again; served stays served, and it is settled again', async () => {
    const before = await world.revenue()
    const { v2 } = await world.sign()
    expect(await world.call(v2, { gateway })).toMatchObject({ status: 200 })
    const settled = (await gateway.store.read(keyOf(v2)))?.settlement?.transaction
    await world.evm.testClient.request({ method: 'anvil_reorg' as never, params: [3, []] as never })
    await sleep(300)
    await until(keyOf(v2), 'delivered')
    await expect.poll(async () => world.revenue(), { timeout: 10_000 }).toBe(before + PRICE)
    const record = await gateway.store.read(keyOf(v2))
    expect(record).toMatchObject({ state: 'delivered', served: true })
    expect(settled).toBeDefined()
    expect(await world.call(v2, { gateway })).toMatchObject({ status: 402, json: { code: 'payment_already_used' } })
  })

  test('a reorg takes neither the kept answer nor the tries from a payment that is owed its delivery', async () => {
    const before = await world.revenue()
    const { v2 } = await world.sign()
    let calls = 0
    world.upstream.behave((_, response) => void response.end(`answer ${++calls}`))
    // As a crash loses it: the answer is kept and out, and the record does not say so.
    const { store: real } = gateway.app.parts
    const move: typeof real.move = async (key, token, move) =>
      move.to === 'delivered' ? false : real.move(key, token, move)
    Object.assign(gateway.app.parts, { store: { ...real, move } })
    expect(await world.call(v2, { gateway })).toMatchObject({ status: 200, text: 'answer 1' })
    Object.assign(gateway.app.parts, { store: real })
    await until(keyOf(v2), 'credited')
    const block = BigInt((await gateway.store.read(keyOf(v2)))?.settlement?.block ?? 0)
    const depth = Number((await world.evm.publicClient.getBlockNumber()) - block) + 1
    await world.evm.testClient.request({ method: 'anvil_reorg' as never, params: [depth, []] as never })
    await until(keyOf(v2), 'unknown')
    const answers: string[] = []
    const again = async () => {
      const { status, text } = await world.call(v2, { gateway })
      answers.push(text)
      return status
    }
    await expect.poll(again, { timeout: 15_000, interval: 250 }).toBe(200)
    world.upstream.behave(undefined)
    expect(answers.at(-1)).toBe('answer 1')
    expect(calls).toBe(1)
    expect(await gateway.store.read(keyOf(v2))).toMatchObject({ tries: 2 })
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('a payment whose gateway went away in the middle of its delivery is a credit', async () => {
    const { v2 } = await world.sign()
    world.upstream.behave(() => undefined)
    const hanging = world.call(v2, { gateway }).catch(() => undefined)
    await expect.poll(() => stateOf(keyOf(v2))).toBe('delivering')
    // Another instance sees a lease that is renewed, and keeps its hands off.
    await sleep(LEASE_MS * 2)
    await pass()
    expect(await stateOf(keyOf(v2))).toBe('delivering')
    await hanging
    world.upstream.behave(undefined)
    expect(await stateOf(keyOf(v2))).toBe('credited')
    expect(await world.call(v2, { gateway })).toMatchObject({ status: 200 })
  })
})
