import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { TARGET } from '../support/world.ts'
import { openShop, PRICE, type Shop } from './credits-support.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.stop())
beforeEach(() => shop.world.upstream.behave(undefined))
const payer = () => shop.world.evm.accounts.payer.address
const url = (target = TARGET) => `${shop.world.gateway.url}${target}`

test('nothing is owed at first', async () => {
  expect(await shop.listed()).toEqual([])
  const { stdout, code } = await shop.farebox(['credits', 'list'], { terminal: true })
  expect({ stdout, code }).toEqual({ stdout: 'There are no open credits.\n', code: 0 })
})

describe('a credit whose tries are spent', () => {
  test('is listed, granted anew, and redeemed by an unmodified client that simply calls again', async () => {
    const { key, transaction } = await shop.owe(3)
    const entry = {
      payment: key,
      payer: payer(),
      route: 'GET /v2/data',
      network: shop.world.evm.network,
      amount: '34000',
      tries: 3,
      triesLeft: 0,
      transaction,
    }
    expect(await shop.listed()).toMatchObject([entry])
    const table = (await shop.farebox(['credits', 'list'], { terminal: true })).stdout
    expect(table).toMatch(/^payment +payer +route +paid +tries +transaction\n/)
    expect(table).toContain(`${key}  ${payer()}  GET /v2/data  0.034 USDC  3 of 3  ${transaction}\n`)

    const granted = await shop.farebox(['credits', 'grant', '--key', key], { terminal: true })
    expect(granted).toMatchObject({ code: 0, stdout: `Renewed ${key}: it has all its tries again.\n` })
    expect(await shop.listed()).toMatchObject([{ payment: key, tries: 0, triesLeft: 3 }])

    const before = await shop.holds()
    const answer = await shop.agents.base.pay(url())
    expect(answer).toMatchObject({ status: 200, body: { data: 'sold' }, receipt: { success: true, transaction } })
    expect(await shop.holds()).toBe(before)
    expect(await shop.listed()).toEqual([])
    // The next one is for sale again.
    expect((await shop.agents.base.pay(url())).status).toBe(200)
    expect(await shop.holds()).toBe(before - PRICE)
  })
  test('is not granted once it was served', async () => {
    const { key, v2 } = await shop.owe()
    expect((await shop.world.call(v2)).status).toBe(200)
    const refused = await shop.farebox(['credits', 'grant', '--key', key])
    expect(refused).toMatchObject({ code: 1, json: { ok: false, error: expect.stringContaining('delivered') } })
    expect(refused.stderr).toMatch(/^farebox credits: [^\n]+\n$/)
  })
})

describe('a present', () => {
  test.each(['base', 'solana'] as const)(
    'on %s: the payer’s next call for that request is served and not charged',
    async (network) => {
      const agent = shop.agents[network]
      const { code, json } = await shop.farebox([
        'credits',
        'grant',
        '--payer',
        agent.address,
        '--network',
        network,
        '--request',
        `GET ${TARGET}`,
      ])
      expect({ code, json }).toEqual({
        code: 0,
        json: {
          granted: expect.stringContaining(':grant:'),
          payer: agent.address,
          route: 'GET /v2/data',
          amount: '0',
          transaction: null,
        },
      })
      expect(await shop.listed()).toMatchObject([{ payment: json.granted, amount: '0', transaction: null }])
      const balance = () => shop.holds(network)
      const before = await balance()
      expect(await agent.pay(url('/v2/data?symbol=ETH'))).toMatchObject({ status: 200 })
      expect(await balance()).toBe(before - PRICE)
      // Two payments over one blockhash would be the same transaction: this agent adds no memo.
      shop.world.solana?.advance(1)
      expect(await agent.pay(url())).toMatchObject({ status: 200, body: { data: 'sold' }, receipt: { success: true } })
      expect(await balance()).toBe(before - PRICE)
      expect(await shop.listed()).toEqual([])
      expect((await shop.entries(json.granted)).map(({ event }) => event)).toEqual([
        'credited',
        'delivering',
        'delivered',
      ])
    },
  )
  test('for a request with a body is for exactly that body', async () => {
    const body = JSON.stringify({ prompt: 'hello' })
    const file = join(shop.directory, 'body.json')
    writeFileSync(file, body)
    const args = [
      'credits',
      'grant',
      '--payer',
      payer().toLowerCase(),
      '--network',
      shop.world.evm.network,
      '--request',
      'POST /v2/chat',
      '--body-file',
      file,
    ]
    expect(await shop.farebox(args, { terminal: true })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('as a present'),
    })
    const before = await shop.holds()
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
    expect(
      (await shop.agents.base.pay(url('/v2/chat'), { ...init, body: JSON.stringify({ prompt: 'bye' }) })).status,
    ).toBe(200)
    expect(await shop.holds()).toBe(before - 68_000n)
    expect((await shop.agents.base.pay(url('/v2/chat'), init)).status).toBe(200)
    expect(await shop.holds()).toBe(before - 68_000n)
  })
  test('cannot be paid back', async () => {
    const { json } = await shop.farebox([
      'credits',
      'grant',
      '--payer',
      payer(),
      '--network',
      'base',
      '--request',
      'GET /v2/dear',
    ])
    expect(await shop.farebox(['credits', 'refund', json.granted])).toMatchObject({
      code: 1,
      json: { error: expect.stringContaining('nothing was paid') },
    })
  })
})

test('the embedded store is worked on likewise', async () => {
  const env = { REDIS_URL: '', STORE_DIR: join(shop.directory, 'store') }
  const order = ['--payer', payer(), '--network', 'base', '--request', 'GET /v2/dear']
  const { json } = await shop.farebox(['credits', 'grant', ...order], { env })
  const list = await shop.farebox(['credits', 'list'], { env, terminal: true })
  expect(list.stdout).toContain(`${json.granted}  ${payer()}  GET /v2/dear  0 USDC  0 of 3  a present\n`)
  expect(await shop.farebox(['credits', 'grant', '--key', json.granted], { env })).toMatchObject({ code: 0 })
})
