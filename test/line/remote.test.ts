import { generatePrivateKey } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { SolanaChain } from '../../devnet/solana/index.ts'
import { decode } from '../support/evm-payment.ts'
import { startFacilitator, type TestFacilitator } from '../support/facilitator.ts'
import { signSolana } from '../support/solana-client.ts'
import { openWorld, type RunningGateway, TARGET, type World } from '../support/world.ts'

const PRICE = 34_000n

let world: World
let solana: SolanaChain
let facilitator: TestFacilitator
let gateway: RunningGateway
beforeAll(async () => {
  world = await openWorld({ solana: true })
  solana = world.solana as SolanaChain
  const feePayer = solana.createKeypair('a facilitator')
  await solana.fund(feePayer.address, { sol: 1_000_000_000n })
  facilitator = await startFacilitator(world.evm, { solana: { chain: solana, feePayer } })
  gateway = await world.addGateway(({ networks }) => {
    const { relayer: _, ...base } = networks['base'] ?? {}
    const { feePayer: __, ...other } = networks['solana'] ?? {}
    networks['base'] = { ...base, facilitator: facilitator.url }
    networks['solana'] = { ...other, facilitator: facilitator.url }
  })
})
afterAll(async () => {
  await world.stop()
  await facilitator.stop()
})
afterEach(() => {
  facilitator.calls.length = 0
  world.upstream.hits.length = 0
})

describe('a remote facilitator that is honest', () => {
  test.each(['v1', 'v2'] as const)('settles a %s payment on Base, which is served once', async (protocol) => {
    const before = await world.revenue()
    const { [protocol]: payment } = await world.sign()
    const served = await world.call(payment, { gateway })
    expect(served).toMatchObject({ status: 200, json: { data: 'sold' } })
    const receipt = served.headers.get(protocol === 'v1' ? 'x-payment-response' : 'payment-response')
    expect(decode(receipt ?? '')).toMatchObject({ success: true, payer: world.evm.accounts.payer.address })
    expect(facilitator.calls.filter(({ path }) => path !== '/supported').map(({ path }) => path)).toEqual(['/settle'])
    expect(await world.call(payment, { gateway })).toMatchObject({
      status: 402,
      json: { code: 'payment_already_used' },
    })
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test.each(['v1', 'v2'] as const)('settles a %s payment on Solana, which is served once', async (protocol) => {
    const { USDC } = solana.assets
    const before = await solana.balanceOf(USDC, solana.accounts.payee.address)
    const offer = (await world.offers(TARGET, gateway)).find(({ network }) => network === solana.network)
    if (!offer) throw new Error('no offer on Solana')
    expect(offer.extra['feePayer']).toBe(solana.createKeypair('a facilitator').address)
    const { [protocol]: payment } = await signSolana(solana, offer)
    expect(await world.call(payment, { gateway })).toMatchObject({ status: 200, json: { data: 'sold' } })
    expect(facilitator.settlements()).toHaveLength(1)
    expect(await world.call(payment, { gateway })).toMatchObject({
      status: 402,
      json: { code: 'payment_already_used' },
    })
    expect(world.upstream.hits).toHaveLength(1)
    expect(await solana.balanceOf(USDC, solana.accounts.payee.address)).toBe(before + PRICE)
  })
})

test('a remote facilitator is not shown what our own node refuses', async () => {
  const { v2 } = await world.sign({ privateKey: generatePrivateKey() })
  expect(await world.call(v2, { gateway })).toMatchObject({
    status: 402,
    json: { code: 'insufficient_funds', charged: false },
  })
  expect(facilitator.settlements()).toEqual([])
})

test('a remote facilitator is given our own terms, and nothing else that the client wrote', async () => {
  const { v2 } = await world.sign({
    accepted: { outputSchema: { canary: 1 }, extra: { name: 'USDC', version: '2', canary: 1 } },
  })
  expect(await world.call(v2, { gateway })).toMatchObject({ status: 200 })
  expect(JSON.stringify(facilitator.settlements())).not.toContain('canary')
})
