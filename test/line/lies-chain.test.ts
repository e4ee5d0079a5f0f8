import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startEvm } from '../../devnet/evm/index.ts'
import type { PaymentKey } from '../../src/domain/ids.ts'
import { reconcileOnce } from '../../src/workers/reconcile.ts'
import { startFacilitator, type TestFacilitator } from '../support/facilitator.ts'
import { type LyingRpc, lyingRpc } from '../support/lying-rpc.ts'
import { newPayer } from '../support/payer.ts'
import { type Fault, type Faults, faultyRpc } from '../support/rpc-proxy.ts'
import { openWorld, type RunningGateway, type World } from '../support/world.ts'

const PRICE = 34_000n

let world: World
let node: LyingRpc
let facilitator: TestFacilitator
const gateways = {} as Record<'embedded' | 'remote', RunningGateway>
beforeAll(async () => {
  // Reconciled by the test alone: the other gateways of this world have an honest node.
  world = await openWorld({ work: false })
  node = await lyingRpc(world.evm.rpcUrl)
  facilitator = await startFacilitator(world.evm)
  const open = (more: object) =>
    world.addGateway(({ networks }) => {
      networks['base'] = { ...networks['base'], rpc: node.url, confirmMs: 500, finalityMs: 300, ...more }
    })
  gateways.embedded = await open({})
  gateways.remote = await open({ facilitator: facilitator.url })
})
afterAll(async () => {
  await world.stop()
  await Promise.all([node.stop(), facilitator.stop()])
})
afterEach(() => {
  node.honest()
  world.upstream.hits.length = 0
})

const pay = async () => (await world.sign({ privateKey: (await newPayer(world.evm)).privateKey })).v2
const RECEIPTS = /^eth_getTransactionReceipt$/
const LOGS = /^eth_getLogs$/
const SENDING = /^eth_sendRawTransactionSync$/
const STATE = /^eth_call$/
const word = (value: number): string => `0x${String(value).padStart(64, '0')}`
/** What `authorizationState` answers of an authorization that was never spent. */
const unused = (result: unknown): unknown => (result === word(1) ? word(0) : result)
const keyOf = async ({ payload: { authorization } }: Awaited<ReturnType<typeof pay>>): Promise<PaymentKey> => {
  const { from, nonce } = authorization
  return [world.evm.network, world.evm.assets.USDC, from, nonce].join(':').toLowerCase() as PaymentKey
}

describe.each(['embedded', 'remote'] as const)('an RPC that does not tell the truth; facilitator %s', (how) => {
  const call = (payment: { x402Version: number }) => world.call(payment, { gateway: gateways[how] })
  const expectServedOnce = async (payment: { x402Version: number }): Promise<void> => {
    await expect.poll(async () => (await call(payment)).status, { timeout: 10_000 }).toBe(200)
    expect(await call(payment)).toMatchObject({ status: 402, json: { code: 'payment_already_used' } })
    expect(world.upstream.hits).toHaveLength(1)
  }

  test('T6: it lags behind, and does not know the transaction yet: 503, then the same payment is served once', async () => {
    const before = await world.revenue()
    const head = `0x${(await world.evm.publicClient.getBlockNumber()).toString(16)}`
    const payment = await pay()
    node.miss(SENDING)
    node.lie(RECEIPTS, () => null)
    node.lie(LOGS, () => [])
    node.lie(/^eth_blockNumber$/, () => head)
    // Its simulation passes, and afterwards it still calls the authorization unused.
    node.lie(/^eth_getBlockByNumber$/, (block) => ({ ...(block as object), number: head }))
    node.lie(STATE, unused)
    for (let count = 0; count < 2; count++) {
      const pending = await call(payment)
      expect(pending).toMatchObject({ status: 503, json: { code: 'settlement_pending', charged: 'unknown' } })
      expect(pending.headers.get('payment-required')).toBeNull()
      expect(pending.headers.get('retry-after')).not.toBeNull()
    }
    expect(world.upstream.hits).toHaveLength(0)
    expect(await world.revenue()).toBe(before + PRICE)
    node.honest()
    await expectServedOnce(payment)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('T7: it invents nothing that is believed: a receipt of another payment proves nothing', async () => {
    const served = await pay()
    const { headers } = await call(served)
    world.upstream.hits.length = 0
    const { transaction } = JSON.parse(Buffer.from(headers.get('payment-response') ?? '', 'base64').toString())
    const other = await world.evm.publicClient.request({ method: 'eth_getTransactionReceipt', params: [transaction] })
    const payment = await pay()
    node.miss(SENDING)
    node.lie(RECEIPTS, () => other)
    node.lie(LOGS, () => [])
    const refused = await call(payment)
    expect(refused).toMatchObject({ status: 503, json: { code: 'settlement_pending' } })
    expect(world.upstream.hits).toHaveLength(0)
    node.honest()
    await expectServedOnce(payment)
  })

  test('T6: it forgets a settlement that was served: it is not served again, and not charged again', async () => {
    const before = await world.revenue()
    const payment = await pay()
    expect(await call(payment)).toMatchObject({ status: 200 })
    node.lie(RECEIPTS, () => null)
    node.lie(LOGS, () => [])
    node.lie(STATE, unused)
    const key = await keyOf(payment)
    const reconciled = async () => {
      await reconcileOnce(gateways[how].app.parts, { leaseMs: 1_000 })
      return (await gateways[how].store.read(key))?.state
    }
    await expect.poll(reconciled, { timeout: 5_000 }).toBe('unknown')
    for (let count = 0; count < 3; count++) {
      const refused = await call(payment)
      expect([409, 503]).toContain(refused.status)
      expect(refused.headers.get('payment-required')).toBeNull()
    }
    node.honest()
    await expect.poll(reconciled, { timeout: 10_000 }).toBe('delivered')
    expect(await call(payment)).toMatchObject({ status: 402, json: { code: 'payment_already_used' } })
    expect(world.upstream.hits).toHaveLength(1)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('T16: it speaks for another chain all of a sudden: nothing is served but what the right one shows', async () => {
    const other = await startEvm({ chainId: 8453 })
    const before = await world.revenue()
    const payment = await pay()
    node.become(other.rpcUrl)
    const refused = await call(payment)
    node.honest()
    await other.stop()
    expect([402, 503]).toContain(refused.status)
    expect(world.upstream.hits).toHaveLength(0)
    await expectServedOnce(payment)
    expect(await world.revenue()).toBe(before + PRICE)
  })
})

test('T7: a facilitator settles on one chain, our own node speaks for another of the same id: 503 until it shows the transfer', async () => {
  const other = await startEvm()
  const payer = await newPayer(world.evm)
  await other.fund(payer.address, { usdc: PRICE })
  const before = await world.revenue()
  const { v2 } = await world.sign({ privateKey: payer.privateKey })
  const call = () => world.call(v2, { gateway: gateways.remote })
  node.become(other.rpcUrl)
  expect(await call()).toMatchObject({ status: 503, json: { code: 'settlement_pending', charged: 'unknown' } })
  expect(await world.revenue()).toBe(before + PRICE)
  expect(world.upstream.hits).toHaveLength(0)
  node.honest()
  await other.stop()
  await expect.poll(async () => (await call()).status, { timeout: 10_000 }).toBe(200)
  expect(world.upstream.hits).toHaveLength(1)
  expect(await world.revenue()).toBe(before + PRICE)
})

describe('T16: an RPC that does not answer like one', () => {
  let faulty: Faults
  beforeAll(async () => {
    faulty = await faultyRpc(world.evm.rpcUrl)
  })
  afterAll(() => faulty.stop())

  const faults: Fault['fault'][] = ['down', 'deaf', 'html', 'empty', 'null', 'redirect', 'error']
  test.each(faults)('T16: %s: 503, nothing handed to the facilitator, and the payment is still good', async (fault) => {
    const gateway = await world.addGateway(({ networks }) => {
      networks['base'] = { ...networks['base'], rpc: faulty.url, confirmMs: 500, facilitator: facilitator.url }
    })
    const sent = facilitator.settlements().length
    const payment = await pay()
    faulty.fail({ fault, methods: /./ })
    const refused = await world.call(payment, { gateway })
    faulty.fail(undefined)
    expect(refused).toMatchObject({ status: 503, json: { code: 'chain_unavailable', charged: false } })
    expect(refused.headers.get('payment-required')).toBeNull()
    expect(refused.text).not.toContain('boom')
    expect(facilitator.settlements()).toHaveLength(sent)
    expect(world.upstream.hits).toHaveLength(0)
    expect(await world.call(payment, { gateway })).toMatchObject({ status: 200 })
  })
})
