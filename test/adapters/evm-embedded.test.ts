import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Hex, parseGwei } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { openLmdb } from '../../src/adapters/store/lmdb/index.ts'
import { openRedis } from '../../src/adapters/store/redis/index.ts'
import type { Attempt } from '../../src/domain/settlement.ts'
import type { Lanes } from '../../src/ports/lanes.ts'
import { StoreUnavailable } from '../../src/ports/store.ts'
import { memoryLog } from '../support/log.ts'
import { type Faults, faultyRpc } from '../support/rpc-proxy.ts'
import { type Bed, type Instance, memoryLanes, openBed, PRICE } from './evm-parts.ts'

const PAYMENTS = 200

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
afterEach(() => {
  node.answer(undefined)
  node.fail(undefined)
  node.before(/./, undefined)
  node.calls.length = 0
})
/** Uses the relayer's next nonce for something else. */
async function useNonce(): Promise<void> {
  const { relayer } = bed.evm.accounts
  await bed.evm.testClient.impersonateAccount({ address: relayer.address })
  const foreign = await bed.evm.testClient.request({
    method: 'eth_sendTransaction',
    params: [{ from: relayer.address, to: relayer.address, value: '0x0' }],
  } as never)
  await bed.evm.publicClient.waitForTransactionReceipt({ hash: foreign as Hex })
}

const many = (count: number) => Promise.all(Array.from({ length: count }, () => bed.pay()))

describe('the calls that a payment costs', () => {
  test('are a simulation and a sending, where the node can wait for the receipt', async () => {
    const { settle } = bed.instance(memoryLanes(), { rpcUrl: node.url })
    // The first one reads the head and the count, which serve those that follow.
    await settle(await bed.pay())
    const payment = await bed.pay()
    node.calls.length = 0
    expect(await settle(payment)).toMatchObject({ outcome: 'settled' })
    expect(node.calls).toEqual(['eth_call', 'eth_sendRawTransactionSync'])
  })

  test('are at most three each, with all else that is asked meanwhile, when 100 settle at once', async () => {
    const { settle } = bed.instance(memoryLanes(), { rpcUrl: node.url })
    const payments = await many(100)
    const outcomes = await Promise.all(payments.map(settle))
    expect(outcomes.filter(({ outcome }) => outcome === 'settled')).toHaveLength(100)
    expect(node.calls.length).toBeLessThanOrEqual(300)
  })

  test('are more where the node cannot wait; it settles all the same', async () => {
    node.answer((method) =>
      method === 'eth_sendRawTransactionSync' ? { error: { code: -32_601, message: 'Method not found' } } : undefined,
    )
    const { settle } = bed.instance(memoryLanes(), { rpcUrl: node.url })
    expect(await settle(await bed.pay())).toMatchObject({ outcome: 'settled' })
    expect(node.calls).toContain('eth_sendRawTransaction')
  })
})

describe.each(['redis', 'lmdb'] as const)('two instances share a relayer on one %s store', (kind) => {
  let directory: string
  let instances: Instance[]
  const closing: (() => Promise<void>)[] = []
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'farebox-lanes-'))
    const open = () => (kind === 'redis' ? openRedis(inject('redisUrl'), memoryLog()) : openLmdb(directory))
    const first = await open()
    // LMDB is opened once in a process; on Redis each instance has connections of its own.
    const second = kind === 'redis' ? await open() : first
    for (const store of new Set([first, second])) closing.push(() => store.close())
    instances = [first, second].map(({ lanes }) => bed.instance(lanes))
  })
  afterAll(async () => {
    await Promise.all(instances.map((one) => one.close()))
    for (const close of closing) await close()
    rmSync(directory, { recursive: true, force: true })
  })

  test(`${PAYMENTS} payments at once settle, each by a transaction of its own, and no nonce is lost`, async () => {
    const [before, revenue] = [await bed.count(), await bed.revenue()]
    const payments = await many(PAYMENTS)
    const outcomes = await Promise.all(
      payments.map((payment, index) => (instances[index % 2] as Instance).settle(payment)),
    )
    const hashes = outcomes.map((end) => (end.outcome === 'settled' ? end.settlement.transaction : end.outcome))
    expect(new Set(hashes).size).toBe(PAYMENTS)
    expect(hashes.every((hash) => hash.startsWith('0x'))).toBe(true)
    expect(await bed.count()).toBe(before + PAYMENTS)
    expect(await bed.revenue()).toBe(revenue + BigInt(PAYMENTS) * PRICE)
  })
})

test('several relayers share the work', async () => {
  const keys = [generatePrivateKey(), generatePrivateKey(), generatePrivateKey()]
  const accounts = keys.map((privateKey) => ({ privateKey, address: privateKeyToAddress(privateKey) }))
  for (const { address } of accounts) await bed.evm.fund(address, { eth: 10n ** 18n })
  const { settle } = bed.instance(memoryLanes(), { relayerKeys: keys })
  const outcomes = await Promise.all((await many(30)).map(settle))
  expect(outcomes.every(({ outcome }) => outcome === 'settled')).toBe(true)
  const sent = await Promise.all(accounts.map((account) => bed.count(account)))
  expect(sent.reduce((sum, count) => sum + count)).toBe(30)
  expect(Math.min(...sent)).toBeGreaterThan(5)
})

describe('a payer with a balance for one payment and many authorizations', () => {
  const payerWith = async (usdc: bigint) => {
    const privateKey = generatePrivateKey()
    const address = privateKeyToAddress(privateKey)
    await bed.evm.fund(address, { usdc })
    return { privateKey, address }
  }
  const settleAll = async (usdc: bigint, count: number) => {
    const from = await payerWith(usdc)
    const { settle } = bed.instance(memoryLanes())
    const payments = await Promise.all(Array.from({ length: count }, () => bed.pay({ from })))
    const before = await bed.count()
    const outcomes = await Promise.all(payments.map(settle))
    const how = outcomes.map((end) => (end.outcome === 'refused' ? end.code : end.outcome))
    return {
      settled: how.filter((each) => each === 'settled').length,
      refused: how.filter((each) => each === 'insufficient_funds').length,
      sent: (await bed.count()) - before,
    }
  }

  test('burns no gas: one is sent, the others are refused in the simulation', async () => {
    expect(await settleAll(PRICE, 40)).toEqual({ settled: 1, refused: 39, sent: 1 })
  })
  test('has those settled that the balance covers, and no other sent', async () => {
    expect(await settleAll(7n * PRICE + 1n, 20)).toEqual({ settled: 7, refused: 13, sent: 7 })
  })
})

describe('what is written down before anything is sent', () => {
  const recorded = (fault: (method: keyof Lanes | 'journal') => void = () => undefined) => {
    const steps: string[] = []
    const lanes = memoryLanes()
    const note = (name: keyof Lanes | 'journal') => {
      steps.push(name)
      fault(name)
    }
    const watched: Lanes = {
      ...lanes,
      take(...asked) {
        note('take')
        return lanes.take(...asked)
      },
      async write(...asked) {
        note('write')
        return lanes.write(...asked)
      },
    }
    const one = bed.instance(watched, { rpcUrl: node.url })
    return { one, lanes, steps, note }
  }

  test('is the record, then the lane; both before the broadcast', async () => {
    const { one, steps, note } = recorded()
    node.before(/sendRaw/, async () => void steps.push('send'))
    const payment = await bed.pay()
    const journal = async () => {
      note('journal')
      return true
    }
    expect(await one.facilitator.settle(payment, {} as never, journal)).toMatchObject({ outcome: 'settled' })
    expect(steps).toEqual(['take', 'journal', 'write', 'send'])
  })

  test('a record that is not ours any more: nothing is sent, and the nonce is free again', async () => {
    const { one, lanes } = recorded()
    const count = await bed.count()
    const payment = await bed.pay()
    expect(await one.facilitator.settle(payment, {} as never, async () => false)).toEqual({
      outcome: 'unavailable',
      code: 'store_unavailable',
    })
    expect(await lanes.flights(bed.lane, count)).toEqual([])
    expect(node.calls.some((method) => /sendRaw/.test(method))).toBe(false)
  })

  test('a lane that cannot be written: nothing is sent, and what is not known is not guessed', async () => {
    const { one } = recorded((method) => {
      if (method === 'write') throw new StoreUnavailable('away')
    })
    expect(await one.settle(await bed.pay())).toEqual({ outcome: 'unknown' })
    expect(node.calls.some((method) => /sendRaw/.test(method))).toBe(false)
  })

  test('a nonce that a keeper has filled meanwhile: the payment goes on with the next', async () => {
    const { one, lanes } = recorded()
    const count = await bed.count()
    const written: string[] = []
    const journal = async ({ transaction = '' }: Attempt) => {
      if (written.push(transaction) === 1) {
        await lanes.write(bed.lane, count, '0x00')
        await useNonce()
      }
      return true
    }
    const outcome = await one.facilitator.settle(await bed.pay(), {} as never, journal)
    expect(outcome).toMatchObject({ outcome: 'settled', settlement: { transaction: written[1] } })
    expect(node.calls.filter((method) => /sendRaw/.test(method))).toHaveLength(1)
  })

  test('is nothing, where the node does not say where the relayer stands', async () => {
    const { one } = recorded()
    node.fail({ fault: 'down', methods: /Count/ })
    expect(await one.settle(await bed.pay())).toEqual({ outcome: 'unavailable', code: 'chain_unavailable' })
    expect(one.attempts).toHaveLength(0)
  })
})

describe('a node that fails while a payment is sent', () => {
  const faulty = (confirmMs = 3_000) => bed.instance(memoryLanes(), { rpcUrl: node.url, confirmMs })
  const warm = async (one: Instance) => {
    await one.settle(await bed.pay())
    node.calls.length = 0
    return one
  }

  test('a lost answer: the receipt is looked for', async () => {
    const one = await warm(faulty())
    node.fail({ fault: 'deaf', methods: /sendRaw/ })
    expect(await one.settle(await bed.pay())).toMatchObject({ outcome: 'settled' })
  })

  test('no answer to anything: unknown; sent again once it is back, and found by the logs', async () => {
    const one = await warm(faulty(600))
    const payment = await bed.pay()
    node.fail({ fault: 'down', methods: /sendRaw|Receipt|Count/ })
    expect(await one.settle(payment)).toEqual({ outcome: 'unknown' })
    const attempt = one.attempts.at(-1)
    if (!attempt) throw new Error('nothing was written down')
    await one.facilitator.resend(attempt)
    node.fail(undefined)
    expect(await one.network.lookup(payment, attempt)).toEqual({ outcome: 'unspent' })
    await one.facilitator.resend(attempt)
    await expect
      .poll(async () => (await one.network.lookup(payment, attempt)).outcome, { timeout: 10_000 })
      .toBe('settled')
  })

  test('a receipt that is forgotten: found by the count and the logs', async () => {
    const one = await warm(faulty())
    const payment = await bed.pay()
    let forgotten = 0
    node.fail({ fault: 'deaf', methods: /sendRaw/ })
    node.answer((method) => (method === 'eth_getTransactionReceipt' && forgotten++ < 6 ? { result: null } : undefined))
    expect(await one.settle(payment)).toMatchObject({ outcome: 'settled' })
    expect(forgotten).toBeGreaterThan(6)
  })

  test('nonces that somebody else used: passed over, all of them at once', async () => {
    const one = await warm(faulty())
    for (let used = 0; used < 7; used++) await useNonce()
    expect(await one.settle(await bed.pay())).toMatchObject({ outcome: 'settled' })
    expect(one.attempts).toHaveLength(3)
  })

  test('a base fee that has jumped since the head was read: the payment goes on with a higher fee', async () => {
    const one = await warm(faulty())
    await bed.evm.testClient.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei('60') })
    await bed.evm.testClient.mine({ blocks: 1 })
    expect(await one.settle(await bed.pay())).toMatchObject({ outcome: 'settled' })
    expect(one.attempts).toHaveLength(3)
  })
})
