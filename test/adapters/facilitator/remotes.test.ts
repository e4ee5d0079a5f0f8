import { setTimeout as sleep } from 'node:timers/promises'
import { toHex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type EvmChain, startEvm } from '../../../devnet/evm/index.ts'
import { evmNetwork } from '../../../src/adapters/evm/network.ts'
import { remoteFacilitators } from '../../../src/adapters/facilitator/remotes.ts'
import { openRpc, type Rpc } from '../../../src/adapters/rpc.ts'
import type { Caip2 } from '../../../src/domain/ids.ts'
import type { IdentifiedPayment, Payment } from '../../../src/domain/payment.ts'
import type { Offer } from '../../../src/domain/quote.ts'
import { isRefusal } from '../../../src/domain/refusal.ts'
import type { Attempt } from '../../../src/domain/settlement.ts'
import type { Facilitator } from '../../../src/ports/facilitator.ts'
import type { Network } from '../../../src/ports/network.ts'
import { readV1 } from '../../../src/wire/v1.ts'
import { readV2, v2Terms } from '../../../src/wire/v2.ts'
import { signBase } from '../../support/evm-payment.ts'
import { startFacilitator, type TestFacilitator } from '../../support/facilitator.ts'
import { baseOffer } from '../../support/fixtures.ts'
import { memoryLog } from '../../support/log.ts'

/** For what is honest, and for what would only be waited for in vain. */
const PATIENT = 5_000
const HASTY = 300
/** Longer than an answer counts as a sign of life. */
const STALE_MS = 2_100

let evm: EvmChain
let rpc: Rpc
let network: Network
let offer: Offer
let first: TestFacilitator
let second: TestFacilitator
let log: ReturnType<typeof memoryLog>
const opened: Facilitator[] = []
beforeAll(async () => {
  evm = await startEvm()
  rpc = openRpc(evm.rpcUrl)
  offer = { ...baseOffer, asset: evm.assets.USDC, payTo: evm.accounts.payee.address }
  const tokens = [{ address: evm.assets.USDC, decimals: 6, eip712: { name: 'USDC', version: '2' } }]
  network = evmNetwork({ id: evm.network as Caip2, rpc, tokens, finalityMs: 1_000 })
  first = await startFacilitator(evm)
  second = await startFacilitator(evm, { account: evm.accounts.deployer })
})
afterAll(async () => {
  await rpc.close()
  await Promise.all([first.stop(), second.stop()])
  await evm.stop()
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()))
  for (const one of [first, second]) {
    one.lie(undefined)
    one.calls.length = 0
  }
})

const open = async (of: readonly { url: string }[], confirmMs = PATIENT): Promise<Facilitator> => {
  log = memoryLog()
  const urls = of.map(({ url }) => url)
  const facilitator = await remoteFacilitators(urls, network, log, confirmMs)
  opened.push(facilitator)
  return facilitator
}
const pay = async (version: 1 | 2 = 2, privateKey = evm.accounts.payer.privateKey): Promise<IdentifiedPayment> => {
  const wire = { ...v2Terms(offer), extra: offer.extra }
  const { v1, v2 } = await signBase({ privateKey, offer: wire })
  const payment = (version === 1 ? readV1(v1) : readV2(v2)) as Payment
  const identified = network.identify(payment)
  if (isRefusal(identified)) throw new Error('refused')
  return identified
}
/** Settles as a step does, and tells what was written down. */
const settle = async (facilitator: Facilitator, payment: IdentifiedPayment) => {
  const written: Attempt[] = []
  const outcome = await facilitator.settle(payment, offer, async (attempt) => written.push(attempt) > 0)
  return { outcome, written }
}

describe('the published facilitator', () => {
  const speaking = (versions: readonly (1 | 2)[]) => startFacilitator(evm, { account: evm.accounts.relayer, versions })

  test.each<[1 | 2, (1 | 2)[]]>([
    [1, [1, 2]],
    [2, [1, 2]],
    [1, [2]],
    [2, [1]],
  ])('settles a v%d payment when it speaks %j', async (version, versions) => {
    const published = await speaking(versions)
    const { outcome, written } = await settle(await open([published]), await pay(version))
    expect(outcome).toMatchObject({ outcome: 'settled', settlement: { amount: offer.amount } })
    expect(written).toMatchObject([{ via: 'remote', facilitator: published.url, fromBlock: /^0x/ }])
    const spoken = versions.includes(version) ? version : versions[0]
    expect(published.settlements()).toMatchObject([
      { body: { x402Version: spoken, paymentPayload: { x402Version: spoken } } },
    ])
    await published.stop()
  })
})

describe('of several facilitators', () => {
  test('the first one that can settle is asked, and no other', async () => {
    const { outcome } = await settle(await open([first, second]), await pay())
    expect(outcome.outcome).toBe('settled')
    expect([first.settlements().length, second.settlements().length]).toEqual([1, 0])
  })

  test('one that is dead is found out before anything is written down, and the next one settles', async () => {
    const facilitator = await open([first, second])
    await sleep(STALE_MS)
    await first.fall()
    const { outcome, written } = await settle(facilitator, await pay())
    await first.rise()
    expect(outcome.outcome).toBe('settled')
    expect(written).toMatchObject([{ facilitator: second.url }])
  })

  test('an ambiguous settlement is never sent to another one', async () => {
    const facilitator = await open([first, second], HASTY)
    const payment = await pay()
    first.lie({ path: '/settle', reply: 'cut' })
    const { outcome, written } = await settle(facilitator, payment)
    expect(outcome).toEqual({ outcome: 'unknown' })
    expect(written).toHaveLength(1)
    await facilitator.resend(written[0] as Attempt)
    expect([first.settlements().length, second.settlements().length]).toEqual([1, 0])
  })

  test('a connection refused after the journal is unknown, and the next payment is not given to it', async () => {
    const facilitator = await open([first, second], HASTY)
    await first.fall()
    const { outcome, written } = await settle(facilitator, await pay())
    expect(outcome).toEqual({ outcome: 'unknown' })
    expect(written).toMatchObject([{ facilitator: first.url }])
    const next = await settle(facilitator, await pay())
    await first.rise()
    expect(next.written).toMatchObject([{ facilitator: second.url }])
  })

  test('none alive: nothing is written down, and the offer is withdrawn', async () => {
    const facilitator = await open([first, second])
    expect([facilitator.extra(), facilitator.honoured()]).toEqual([{}, [{}]])
    await sleep(STALE_MS)
    await Promise.all([first.fall(), second.fall()])
    const { outcome, written } = await settle(facilitator, await pay())
    expect([facilitator.extra(), facilitator.honoured()]).toEqual([undefined, []])
    await Promise.all([first.rise(), second.rise()])
    expect(outcome).toEqual({ outcome: 'unavailable', code: 'facilitator_unavailable' })
    expect(written).toEqual([])
    await expect.poll(() => facilitator.extra(), { timeout: 10_000 }).toEqual({})
  })

  test('one that says it failed and names no transaction is not waited for', async () => {
    const facilitator = await open([first])
    first.lie({ path: '/settle', reply: { body: '{"success":false,"errorReason":"out_of_gas","transaction":""}' } })
    const payment = await pay()
    const began = performance.now()
    expect((await settle(facilitator, payment)).outcome).toEqual({ outcome: 'unknown' })
    expect(performance.now() - began).toBeLessThan(PATIENT / 2)
  })

  test('a claim that was lost stops the sending', async () => {
    const facilitator = await open([first])
    const outcome = await facilitator.settle(await pay(), offer, async () => false)
    expect(outcome).toEqual({ outcome: 'unavailable', code: 'store_unavailable' })
    expect(first.settlements()).toHaveLength(0)
  })
})

describe('the breaker', () => {
  const events = () => log.lines.map(({ event }) => event)
  const invented = JSON.stringify({ success: true, transaction: `0x${'12'.repeat(32)}` })

  test.each<[string, 'cut' | { status?: number; body: string }]>([
    ['cuts the line', 'cut'],
    ['answers 5xx', { status: 500, body: '<h1>Internal Server Error</h1>' }],
    ['answers garbage', { body: '{}' }],
    ['claims what the chain does not show', { body: invented }],
  ])('opens when a facilitator %s three times, and payments go to the next one', async (_, reply) => {
    const facilitator = await open([first, second], HASTY)
    first.lie({ path: '/settle', reply })
    for (let count = 0; count < 3; count++)
      expect((await settle(facilitator, await pay())).outcome.outcome).toBe('unknown')
    expect(events()).toEqual(['facilitator is healthy', 'facilitator is healthy', 'facilitator is failing'])
    const { written } = await settle(facilitator, await pay())
    expect(written).toMatchObject([{ facilitator: second.url }])
    expect(first.settlements()).toHaveLength(3)
  })

  test('half-opens through /supported, and a settlement closes it', async () => {
    const facilitator = await open([first], 2_000)
    first.lie({ path: '/settle', reply: 'cut' })
    await Promise.all([1, 2, 3].map(async () => settle(facilitator, await pay())))
    expect(facilitator.extra()).toBeUndefined()
    expect((await settle(facilitator, await pay())).outcome).toEqual({
      outcome: 'unavailable',
      code: 'facilitator_unavailable',
    })
    first.lie(undefined)
    await expect.poll(() => facilitator.extra(), { timeout: 15_000 }).toEqual({})
    expect((await settle(facilitator, await pay())).outcome.outcome).toBe('settled')
    expect(events()).toEqual([
      'facilitator is healthy',
      'facilitator is failing',
      'facilitator is on trial',
      'facilitator is healthy',
    ])
  })

  test('does not open for payers who cannot pay any more: nobody can shut a facilitator for others', async () => {
    const facilitator = await open([first], HASTY)
    const privateKey = generatePrivateKey()
    const { address } = privateKeyToAccount(privateKey)
    const hold = (amount: bigint) => rpc.call('anvil_dealERC20', [address, evm.assets.USDC, toHex(amount)], z.unknown())
    first.lie(async ({ path }) => {
      if (path !== '/settle') return undefined
      await hold(0n)
      return { path, reply: { body: '{"success":false,"errorReason":"insufficient_funds","transaction":""}' } }
    })
    for (let count = 0; count < 4; count++) {
      await hold(offer.amount)
      expect((await settle(facilitator, await pay(2, privateKey))).outcome.outcome).toBe('unknown')
    }
    expect(first.settlements()).toHaveLength(4)
    expect(events()).toEqual(['facilitator is healthy'])
  })

  test('opens for one that refuses what our own node would have settled', async () => {
    const facilitator = await open([first], HASTY)
    first.lie({ path: '/settle', reply: { body: '{"success":false,"errorReason":"out_of_gas","transaction":""}' } })
    for (let count = 0; count < 3; count++) await settle(facilitator, await pay())
    expect(events()).toEqual(['facilitator is healthy', 'facilitator is failing'])
  })
})
