import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parsePaymentRequired } from '@x402/core/schemas'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../../devnet/services.ts'
import { CLIENTS, holdings } from '../clients/index.ts'
import { v1Schemas } from '../clients/schemas.ts'
import { openWorld, type World } from './world.ts'

const MAX_HEADER_BYTES = 8 * 1024
const TARGET = '/v2/quantmetrics?symbol=BTC'
const PRICE = 34_000n

let world: World
let schemas: Awaited<ReturnType<typeof v1Schemas>>
beforeAll(async () => {
  ;[world, schemas] = await Promise.all([openWorld(), v1Schemas()])
})
afterAll(() => world?.stop())

const routes: Record<string, { price?: string }> = JSON.parse(readFileSync(join(ROOT, 'pricing.json'), 'utf8')).routes
const priced = Object.entries(routes).flatMap(([key, { price }]) => (price ? [{ key, price }] : []))

describe('a quote can be read by every client there is', () => {
  test.each(priced)('$key at $price', async ({ key, price }) => {
    const [method = '', path = ''] = key.split(' ')
    const url = `${world.devnet.gateway}${path}`
    const response = await fetch(url, { method })
    expect(response.status).toBe(402)
    const amount = String(Math.round(Number(price.slice(1)) * 1e6))

    const header = response.headers.get('payment-required') ?? ''
    expect(header.length).toBeLessThan(MAX_HEADER_BYTES)
    const v2 = parsePaymentRequired(JSON.parse(Buffer.from(header, 'base64').toString()))
    if (!v2.success) throw v2.error
    const { evm, solana } = world.devnet
    expect(v2.data).toMatchObject({
      x402Version: 2,
      accepts: [
        { network: evm.network, amount, asset: evm.assets.USDC, payTo: evm.accounts.payee.address },
        { network: solana.network, amount, asset: solana.assets.USDC, payTo: solana.accounts.payee.address },
      ],
    })

    const body = (await response.json()) as { x402Version: number; error: unknown; accepts: unknown[] }
    expect(body).toMatchObject({ x402Version: 1, error: expect.any(String) })
    expect(parsePaymentRequired(body)).toMatchObject({ success: true })
    for (const [client, schema] of Object.entries(schemas)) {
      expect(
        body.accepts.map((offer) => schema.parse(offer)),
        client,
      ).toMatchObject([
        { network: 'base-sepolia', maxAmountRequired: amount, resource: url },
        { network: 'solana-devnet', maxAmountRequired: amount, resource: url },
      ])
    }
  })
})

describe('an agent pays no more than it allowed', () => {
  test.each(CLIENTS)('$name refuses a price above its cap, and nothing is charged', async ({ open }) => {
    const payer = await open(world.devnet.description, { cap: PRICE - 1n })
    const [before, hits] = [await holdings(world.devnet.description, payer), world.hits.length]
    await expect(payer.pay(`${world.devnet.gateway}${TARGET}`)).rejects.toThrow()
    expect(await holdings(world.devnet.description, payer)).toEqual(before)
    expect(world.hits).toHaveLength(hits)
  })

  test.each(CLIENTS)('$name pays a price that is its very cap', async ({ open }) => {
    const payer = await open(world.devnet.description, { cap: PRICE })
    const [before, hits] = [await holdings(world.devnet.description, payer), world.hits.length]
    expect(await payer.pay(`${world.devnet.gateway}${TARGET}`)).toMatchObject({ status: 200 })
    expect(await holdings(world.devnet.description, payer)).toEqual({
      payer: before.payer - PRICE,
      payee: before.payee + PRICE,
    })
    expect(world.hits).toHaveLength(hits + 1)
  })
})
