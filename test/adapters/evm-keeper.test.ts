import { parseTransaction } from 'viem'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openRelayer } from '../../src/adapters/evm/relayer.ts'
import { GAS_LIMIT, settlementCalldata } from '../../src/adapters/evm/token.ts'
import type { IdentifiedPayment } from '../../src/domain/payment.ts'
import type { Lanes } from '../../src/ports/lanes.ts'
import { type Faults, faultyRpc } from '../support/rpc-proxy.ts'
import { rpc } from '../support/solana-client.ts'
import { type Bed, type Instance, keepUntil, memoryLanes, openBed, PRICE } from './evm-parts.ts'

const GWEI = 10n ** 9n

describe('what an instance leaves behind in a lane', () => {
  let bed: Bed
  let lanes: Lanes
  let node: Faults
  let one: Instance
  let other: Instance
  beforeEach(async () => {
    bed = await openBed()
    node = await faultyRpc(bed.evm.rpcUrl)
    lanes = memoryLanes()
    one = bed.instance(lanes)
    other = bed.instance(lanes)
  })
  afterEach(async () => {
    await bed.stop()
    await node.stop()
  })
  const ask = <T>(method: string, ...params: unknown[]) => rpc(bed.evm.rpcUrl, method, params) as Promise<T>
  const isSettled = async (payment: IdentifiedPayment) =>
    (await one.network.lookup(payment, undefined)).outcome === 'settled'
  const events = (event: string) => [one, other].flatMap(({ log }) => log.lines).filter((line) => line.event === event)
  const minedBy = async (nonce: number) => {
    const head = await bed.evm.publicClient.getBlockNumber()
    for (let block = 0n; block <= head; block++) {
      const { transactions } = await bed.evm.publicClient.getBlock({ blockNumber: block, includeTransactions: true })
      const found = transactions.find(
        (tx) => tx.nonce === nonce && tx.from === bed.evm.accounts.relayer.address.toLowerCase(),
      )
      if (found) return found
    }
    return undefined
  }
  /** Takes a nonce for a payment and signs it, as an instance does before it dies. */
  const begin = async (payment: IdentifiedPayment, maxFeePerGas = 4n * GWEI) => {
    const relayer = openRelayer(bed.evm.accounts.relayer.privateKey, bed.evm.chainId)
    const nonce = (await lanes.take(bed.lane, await bed.count(), payment.key)) as number
    const data = settlementCalldata(payment.payment.authorization) as `0x${string}`
    const call = { to: bed.evm.assets.USDC, data, value: 0n, gas: GAS_LIMIT }
    return relayer.sign(nonce, call, { maxFeePerGas, maxPriorityFeePerGas: 1_000_000n })
  }

  test('a nonce without bytes is filled with a transfer of nothing, and what waits behind it goes on', async () => {
    await begin(await bed.pay())
    const behind = await bed.pay()
    const settling = other.settle(behind)
    await keepUntil([one, other], async () => (await bed.count()) === 2)
    expect(await settling).toMatchObject({ outcome: 'settled' })
    const { relayer } = bed.evm.accounts
    expect(await minedBy(0)).toMatchObject({ to: relayer.address.toLowerCase(), value: 0n, input: '0x' })
    expect(events('gap filled')).toHaveLength(1)
    expect(await bed.revenue()).toBe(PRICE)
  })

  test('bytes that were written and never sent are sent, as they are', async () => {
    const payment = await bed.pay()
    const { raw, hash, nonce } = await begin(payment)
    expect(await lanes.write(bed.lane, nonce, raw)).toBe(true)
    await keepUntil([one, other], () => isSettled(payment))
    expect(await one.network.lookup(payment, undefined)).toMatchObject({ settlement: { transaction: hash } })
    expect(await bed.count()).toBe(1)
    expect(events('transaction replaced')).toHaveLength(0)
  })

  test('a young flight is left alone', async () => {
    const patient = bed.instance(lanes, { stuckMs: 60_000 })
    const { raw, nonce } = await begin(await bed.pay())
    await begin(await bed.pay())
    await lanes.write(bed.lane, nonce, raw)
    for (let pass = 0; pass < 3; pass++) await patient.facilitator.keep()
    expect(await bed.count()).toBe(0)
  })

  test('a gap is filled at once: nobody else will', async () => {
    const patient = bed.instance(lanes, { stuckMs: 60_000 })
    await lanes.take(bed.lane, 0, undefined)
    await begin(await bed.pay())
    await lanes.giveBack(bed.lane, 0)
    await patient.facilitator.keep()
    await expect.poll(() => bed.count(), { timeout: 10_000 }).toBe(1)
    expect(await minedBy(0)).toMatchObject({ input: '0x' })
  })

  test('a stuck transaction is replaced: same meaning, higher fee; the instance that waits for it sees it settled', async () => {
    await ask('evm_setAutomine', false)
    const payment = await bed.pay()
    const settling = one.settle(payment)
    await expect.poll(() => one.attempts.length, { timeout: 10_000 }).toBe(1)
    await ask('anvil_setNextBlockBaseFeePerGas', `0x${(40n * GWEI).toString(16)}`)
    await ask('anvil_mine', '0x1')
    expect(await bed.count()).toBe(0)
    await keepUntil([one, other], async () => {
      await ask('anvil_mine', '0x1')
      return isSettled(payment)
    })
    const outcome = await settling
    const attempt = one.attempts[0]
    const [before, after] = [parseTransaction(attempt?.raw as `0x${string}`), await minedBy(0)]
    if (!after) throw new Error('not mined')
    expect(outcome).toMatchObject({ outcome: 'settled', settlement: { transaction: after.hash } })
    expect(after.hash).not.toBe(attempt?.transaction)
    expect([after.nonce, after.to, after.input, after.value]).toEqual([
      before.nonce ?? 0,
      before.to,
      before.data,
      before.value ?? 0n,
    ])
    expect((after.maxFeePerGas ?? 0n) * 8n).toBeGreaterThanOrEqual((before.maxFeePerGas ?? 0n) * 9n)
    expect((after.maxPriorityFeePerGas ?? 0n) * 8n).toBeGreaterThanOrEqual((before.maxPriorityFeePerGas ?? 0n) * 9n)
    expect(await bed.revenue()).toBe(PRICE)
  })

  test('of two keepers that see the same, one replaces; and nothing is mined twice', async () => {
    await ask('evm_setAutomine', false)
    const payments = await Promise.all(Array.from({ length: 8 }, () => bed.pay()))
    for (const payment of payments) {
      const { nonce, raw } = await begin(payment, GWEI + 10_000_000n)
      await lanes.write(bed.lane, nonce, raw)
    }
    await ask('anvil_setNextBlockBaseFeePerGas', `0x${(5n * GWEI).toString(16)}`)
    await ask('anvil_mine', '0x1')
    const won: string[] = []
    const lost: string[] = []
    let waiting: (() => void) | undefined
    const raced: Lanes = {
      ...lanes,
      async flights(...asked) {
        const seen = await lanes.flights(...asked)
        // Neither goes on before the other has seen the same.
        const first = waiting
        waiting = undefined
        if (first) first()
        else
          await new Promise<void>((resolve) => {
            waiting = resolve
          })
        return seen
      },
      async write(id, nonce, raw, over) {
        const written = await lanes.write(id, nonce, raw, over)
        if (over !== undefined) (written ? won : lost).push(over)
        return written
      },
    }
    const keepers = [bed.instance(raced), bed.instance(raced)]
    await keepUntil(keepers, async () => won.length >= 8)
    await ask('evm_setAutomine', true)
    await keepUntil(keepers, async () => (await bed.count()) >= 8)
    expect(new Set(won).size).toBe(won.length)
    expect(lost.length).toBeGreaterThan(0)
    expect(await bed.count()).toBe(8)
    expect(await bed.revenue()).toBe(8n * PRICE)
  })

  test('a filler is never written over a payment’s bytes', async () => {
    const payment = await bed.pay()
    const { raw, nonce } = await begin(payment)
    let seen = false
    // The payment's bytes come between the keeper's look at the lane and what it does about it.
    const late: Lanes = {
      ...lanes,
      async flights(...asked) {
        const before = await lanes.flights(...asked)
        if (seen) await lanes.write(bed.lane, nonce, raw)
        seen = true
        return before
      },
    }
    const keeper = bed.instance(late)
    await keepUntil([keeper], async () => (await lanes.flights(bed.lane, 0))[0]?.raw === raw)
    await keepUntil([keeper], () => isSettled(payment))
    expect(await minedBy(0)).toMatchObject({ input: parseTransaction(raw).data })
  })

  test('nothing is replaced above the fee that the operator allows', async () => {
    const thrifty = bed.instance(lanes, { maxFeeGwei: 4.4 })
    await ask('evm_setAutomine', false)
    const { raw, nonce } = await begin(await bed.pay())
    await lanes.write(bed.lane, nonce, raw)
    await ask('anvil_setNextBlockBaseFeePerGas', `0x${(5n * GWEI).toString(16)}`)
    await ask('anvil_mine', '0x1')
    const end = Date.now() + 1_500
    await keepUntil([thrifty], async () => Date.now() > end)
    expect((await lanes.flights(bed.lane, 0))[0]?.raw).toBe(raw)
  })

  test('a node that says less than before is believed the second time: it may only be behind', async () => {
    await one.settle(await bed.pay())
    const lagging = bed.instance(lanes, { rpcUrl: node.url })
    await lagging.facilitator.keep()
    const lane = async () => (await lanes.take(bed.lane, 0, undefined)) as number
    node.answer((method) => (method === 'eth_getTransactionCount' ? { result: '0x0' } : undefined))
    await lagging.facilitator.keep()
    expect(await lane()).toBe(1)
    await lanes.giveBack(bed.lane, 1)
    await lagging.facilitator.keep()
    expect(await lane()).toBe(0)
  })

  test('a node or a store that is away leaves the work to the next pass', async () => {
    const faulty = bed.instance(lanes, { rpcUrl: node.url })
    const payment = await bed.pay()
    const { raw, nonce } = await begin(payment)
    await lanes.write(bed.lane, nonce, raw)
    node.fail({ fault: 'down', methods: /./ })
    await faulty.facilitator.keep()
    node.fail(undefined)
    await keepUntil([faulty], () => isSettled(payment))
  })

  test('after a reorg its nonces are used again, by the payments’ own transactions where anybody still has them', async () => {
    const patient = bed.instance(lanes, { stuckMs: 60_000 })
    const payment = await bed.pay()
    await patient.settle(payment)
    await patient.facilitator.keep()
    const later = await begin(await bed.pay())
    await lanes.write(bed.lane, later.nonce, later.raw)
    await ask('anvil_reorg', 1, [])
    expect(await bed.count()).toBe(0)
    // The first look is doubted, the second sets the lane back; the gap that comes of it is not filled at once.
    for (let pass = 0; pass < 3; pass++) await patient.facilitator.keep()
    expect((await lanes.flights(bed.lane, 0)).map(({ nonce, raw }) => [nonce, raw])).toEqual([
      [0, undefined],
      [1, later.raw],
    ])
    await patient.facilitator.resend(patient.attempts[0] as (typeof patient.attempts)[number])
    await expect.poll(() => isSettled(payment), { timeout: 10_000 }).toBe(true)
    await keepUntil([one], async () => (await bed.count()) === 2)
    expect(await bed.revenue()).toBe(2n * PRICE)
    expect(await one.settle(await bed.pay())).toMatchObject({ outcome: 'settled' })
  })
})
