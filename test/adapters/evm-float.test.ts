import { parseEther } from 'viem'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type Faults, faultyRpc } from '../support/rpc-proxy.ts'
import { rpc } from '../support/solana-client.ts'
import { type Bed, type Instance, memoryLanes, openBed } from './evm-parts.ts'

let bed: Bed
let node: Faults
beforeAll(async () => {
  bed = await openBed()
  node = await faultyRpc(bed.evm.rpcUrl)
})
afterAll(async () => {
  await bed.stop()
  await node.stop()
})
// The looks every 15 seconds are made to come when the test wants them.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(async () => {
  vi.useRealTimers()
  node.fail(undefined)
  const { relayer, facilitator } = bed.evm.accounts
  for (const { address } of [relayer, facilitator])
    await bed.evm.testClient.setBalance({ address, value: parseEther('1') })
})
const LOOK_MS = 15_000
const changes = ({ log }: Instance) => log.lines.map(({ event }) => event)
const offered = ({ facilitator }: Instance) => [facilitator.extra(), ...facilitator.honoured()]
const OPEN = [{}, {}]
const SHUT = [undefined]
/** Looks come every 15 seconds; the head that they go by may be two seconds old. */
const afterLooks = (check: () => unknown) =>
  expect.poll(
    async () => {
      await vi.advanceTimersByTimeAsync(LOOK_MS)
      return check()
    },
    { timeout: 10_000, interval: 100 },
  )
const setBalance = (value: bigint, { address } = bed.evm.accounts.relayer) =>
  bed.evm.testClient.setBalance({ address, value })

test('low float withdraws the offer, and funds bring it back: one line in the log for each', async () => {
  const one = bed.instance(memoryLanes())
  await vi.waitFor(() => expect(offered(one)).toEqual(OPEN))
  await setBalance(1_000_000n)
  await afterLooks(() => offered(one)).toEqual(SHUT)
  await vi.advanceTimersByTimeAsync(3 * LOOK_MS)
  expect(await one.settle(await bed.pay())).toEqual({ outcome: 'unavailable', code: 'facilitator_unavailable' })
  expect(one.attempts).toHaveLength(0)
  await setBalance(parseEther('1'))
  await afterLooks(() => offered(one)).toEqual(OPEN)
  expect(changes(one)).toEqual(['network withdrawn from the offer', 'network offered again'])
  expect(await one.settle(await bed.pay())).toMatchObject({ outcome: 'settled' })
})

test('what a settlement cost is taken off at once, before the next look', async () => {
  const one = bed.instance(memoryLanes(), { minFloatSettlements: 20 })
  const { baseFeePerGas } = await bed.evm.publicClient.getBlock()
  const needed = 20n * 200_000n * ((baseFeePerGas ?? 0n) * 4n + 1_000_000n)
  await setBalance(needed + 1_000n)
  await afterLooks(() => offered(one)).toEqual(OPEN)
  const { pay } = bed
  expect(await one.settle(await pay())).toMatchObject({ outcome: 'settled' })
  expect(offered(one)).toEqual(SHUT)
})

test('a relayer that turns out to be empty sends nothing, gives its nonce back, and the offer is withdrawn', async () => {
  const lanes = memoryLanes()
  const one = bed.instance(lanes)
  await vi.waitFor(() => expect(offered(one)).toEqual(OPEN))
  const count = await bed.count()
  await setBalance(0n)
  // The node refuses it, or the float was looked at in between.
  expect(await one.settle(await bed.pay())).toEqual({
    outcome: 'unavailable',
    code: expect.stringMatching(/^(chain|facilitator)_unavailable$/),
  })
  await vi.waitFor(() => expect(offered(one)).toEqual(SHUT))
  expect(await lanes.flights(bed.lane, count)).toEqual([])
})

test('dear gas withdraws the offer until it is cheap again', async () => {
  const one = bed.instance(memoryLanes(), { maxFeeGwei: 30 })
  await vi.waitFor(() => expect(offered(one)).toEqual(OPEN))
  const setBaseFee = async (gwei: number) => {
    await rpc(bed.evm.rpcUrl, 'anvil_setNextBlockBaseFeePerGas', [`0x${(gwei * 1e9).toString(16)}`])
    await rpc(bed.evm.rpcUrl, 'anvil_mine', ['0x1'])
  }
  await setBaseFee(31)
  await afterLooks(() => offered(one)).toEqual(SHUT)
  await setBaseFee(1)
  await afterLooks(() => offered(one)).toEqual(OPEN)
  expect(changes(one)).toEqual(['network withdrawn from the offer', 'network offered again'])
})

test('of several relayers those without gas are left out; the offer stands while one can pay', async () => {
  const { relayer, facilitator } = bed.evm.accounts
  const one = bed.instance(memoryLanes(), { relayerKeys: [relayer.privateKey, facilitator.privateKey] })
  await setBalance(0n, relayer)
  await afterLooks(() => changes(one)).toEqual(['relayers low on gas'])
  expect(offered(one)).toEqual(OPEN)
  const before = await Promise.all([bed.count(relayer), bed.count(facilitator)])
  const payments = await Promise.all(Array.from({ length: 6 }, () => bed.pay()))
  const outcomes = await Promise.all(payments.map(one.settle))
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(Array(6).fill('settled'))
  expect(await Promise.all([bed.count(relayer), bed.count(facilitator)])).toEqual([before[0], (before[1] ?? 0) + 6])
  await setBalance(0n, facilitator)
  await afterLooks(() => offered(one)).toEqual(SHUT)
})

test('a node that does not answer changes nothing', async () => {
  const one = bed.instance(memoryLanes(), { rpcUrl: node.url })
  await vi.waitFor(() => expect(node.calls).toContain('eth_getBalance'))
  node.fail({ fault: 'down', methods: /./ })
  node.calls.length = 0
  await vi.advanceTimersByTimeAsync(LOOK_MS)
  await vi.waitFor(() => expect(node.calls).toContain('eth_getBalance'))
  expect(offered(one)).toEqual(OPEN)
  expect(changes(one)).toEqual([])
})

test('the operator is told what each relayer holds, and what it lacks', async () => {
  const one = bed.instance(memoryLanes())
  expect(await one.facilitator.inspect()).toMatchObject([{ ok: true }])
  await setBalance(5n)
  const [finding] = await one.facilitator.inspect()
  expect(finding?.ok).toBe(false)
  expect(finding?.what).toContain('holds 5 wei')
  expect(finding?.fix).toMatch(/send it ether: at least \d+ wei/)
})
