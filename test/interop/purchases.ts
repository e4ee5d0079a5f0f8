import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CallInit, CLIENTS, holdings, type PaidAnswer, type Payer, replay } from '../clients/index.ts'
import { transfersOf } from './transfers.ts'
import { openWorld, type World } from './world.ts'

const METRICS = { target: '/v2/quantmetrics?symbol=BTC,ETH&window=90d', price: 34_000n, init: {} }
const CHAT = {
  target: '/v2/ai-chat',
  price: 68_000n,
  init: {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'How risky is BTC over 90 days?' }),
  },
}

interface Sale {
  readonly target: string
  readonly price: bigint
  readonly init: CallInit
}

/** What every client is promised, whatever the store. */
export function purchases(store: string, redisUrl: () => string | undefined): void {
  let world: World
  beforeAll(async () => {
    world = await openWorld(redisUrl())
  })
  afterAll(() => world?.stop())

  test(`the store is ${store}`, () => {
    expect(world.devnet.store).toMatch(store === 'LMDB' ? /^lmdb:/ : /^redis:/)
  })

  describe.each(CLIENTS)('$name', ({ open }) => {
    let payer: Payer
    let spent: PaidAnswer['sent']
    beforeAll(async () => {
      payer = await open(world.devnet.description)
    })

    test('gets the data for exactly its price, and a receipt that the chain bears out', async () => {
      spent = await buy(world, payer, METRICS)
    })

    test('finds its payment refused when it is sent again, and loses nothing more', async () => {
      if (!spent) throw new Error('nothing was bought')
      const before = await holdings(world.devnet.description, payer)
      const hits = world.hits.length
      const again = await replay(`${world.devnet.gateway}${METRICS.target}`, spent)
      expect(again).toMatchObject({ status: 402, code: 'payment_already_used' })
      expect(again.headers.get('payment-required')).not.toBeNull()
      expect(await holdings(world.devnet.description, payer)).toEqual(before)
      expect(world.hits).toHaveLength(hits)
    })

    test('gets a POST served with the very body it paid for', async () => {
      await buy(world, payer, CHAT)
    })
  })
}

/** One purchase, held against upstream and chain. */
async function buy(world: World, payer: Payer, { target, price, init }: Sale): Promise<PaidAnswer['sent']> {
  const { devnet, hits } = world
  const before = await holdings(devnet.description, payer)
  const seen = hits.length
  const answer = await payer.pay(`${devnet.gateway}${target}`, init)
  const after = await holdings(devnet.description, payer)

  expect(answer.status).toBe(200)
  expect(hits.slice(seen)).toMatchObject([{ method: init.method ?? 'GET', target }])
  expect(Object.keys(hits.at(-1)?.headers ?? {})).not.toContain(answer.sent?.name.toLowerCase())
  expect(answer.body).toEqual(await world.askUpstream(target, init))
  expect(after.payer - before.payer).toBe(-price)
  expect(after.payee - before.payee).toBe(price)

  const { receipt } = answer
  expect(receipt).toMatchObject({ success: true, network: networkNameFor(payer), payer: payer.address })
  const payTo = payer.network.startsWith('solana:') ? devnet.solana.accounts.payee : devnet.evm.accounts.payee
  const asset = payer.network.startsWith('solana:') ? payer.asset : payer.asset.toLowerCase()
  expect(await transfersOf(devnet, payer.network, receipt?.transaction ?? '')).toEqual([
    { asset, from: payer.address, to: payTo.address, amount: price },
  ])
  return answer.sent
}

/** CAIP-2 in v2, a name in v1. */
function networkNameFor({ protocol, network }: Payer): string {
  if (protocol === 'v2') return network
  return network.startsWith('solana:') ? 'solana-devnet' : 'base-sepolia'
}
