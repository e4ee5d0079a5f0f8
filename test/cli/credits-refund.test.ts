import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { failing, openShop, PRICE, type Shop } from './credits-support.ts'

/** Two processes are started at once, which takes its time where everything else runs beside them. */
const TWO_PROCESSES_MS = 120_000

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.stop())
beforeEach(() => shop.world.upstream.behave(undefined))
const payer = () => shop.world.evm.accounts.payer.address

describe('a refund', () => {
  test(
    'moves the money back exactly once, and is ledgered',
    async () => {
      const { key, transaction, v2 } = await shop.owe()
      const before = await shop.holds()
      const refund = () => shop.farebox(['credits', 'refund', key], { alone: true })
      const both = await Promise.all([refund(), refund()])
      expect(both.map(({ code }) => code)).toContain(0)
      const again = await shop.farebox(['credits', 'refund', key], { terminal: true })
      const [done] = both.filter(({ code }) => code === 0)
      expect(done?.json).toMatchObject({
        refunded: key,
        payTo: expect.stringMatching(new RegExp(payer(), 'i')),
        amount: '34000',
        network: shop.world.evm.network,
      })
      expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining(done?.json.transaction) })
      expect(await shop.holds()).toBe(before + PRICE)
      expect((await shop.listed()).map(({ payment }) => payment)).not.toContain(key)

      const moves = await shop.entries(key)
      expect(moves.map(({ event }) => event).slice(-2)).toEqual(['refunding', 'refunded'])
      expect(moves.at(-1)?.refund?.settlement).toMatchObject({ transaction: done?.json.transaction, amount: PRICE })
      expect(await shop.world.call(v2)).toMatchObject({ status: 402, json: { code: 'payment_refunded' } })
      const page = await shop.world.call(v2, { target: `/payments/${key}` })
      expect(page.json).toMatchObject({
        state: 'refunded',
        charged: true,
        owed: false,
        transaction,
        refund: { state: 'settled', transaction: done?.json.transaction },
      })
    },
    TWO_PROCESSES_MS,
  )
  test('on Solana likewise', async () => {
    const network = shop.world.solana?.network
    shop.world.upstream.behave(failing)
    expect((await shop.world.call(await shop.signSolana())).status).toBe(502)
    const [credit] = (await shop.listed()).filter((one) => one.network === network)
    const before = await shop.holds('solana')
    const done = await shop.farebox(['credits', 'refund', credit.payment])
    const { address } = shop.agents.solana
    expect(done).toMatchObject({ code: 0, json: { refunded: credit.payment, payTo: address, amount: '34000' } })
    expect(await shop.holds('solana')).toBe(before + PRICE)
  })
  test('without a key says which setting is missing, and changes nothing', async () => {
    const { key, v2 } = await shop.owe()
    const refused = await shop.farebox(['credits', 'refund', key.replace(/^eip155:84532/, 'eip155:1')])
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the price list has no network eip155:1'),
    })
    const solanaKey = `${shop.world.solana?.network}:${shop.agents.solana.address}:${'ab'.repeat(32)}`
    const keyless = await shop.farebox(['credits', 'refund', solanaKey], { env: { SOLANA_REFUND: '' } })
    expect(keyless).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('set "refund": "${NAME}" in networks.solana'),
    })
    expect((await shop.world.call(v2)).status).toBe(200)
  })
  test('that the operator cannot pay leaves the credit as it was', async () => {
    const { key, v2 } = await shop.owe()
    const poor = generatePrivateKey()
    const refused = await shop.farebox(['credits', 'refund', key], { env: { REFUND: poor } })
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(privateKeyToAddress(poor)) })
    expect(refused.stderr.trim().split('\n')).toHaveLength(1)
    expect(refused.stdout + refused.stderr).not.toContain(poor)
    expect((await shop.world.call(v2)).status).toBe(200)
  })
  test('of what was served, or never was, is refused', async () => {
    const { key, v2 } = await shop.owe()
    expect((await shop.world.call(v2)).status).toBe(200)
    expect(await shop.farebox(['credits', 'refund', key])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('delivered'),
    })
    const never = key.replace(/.{4}$/, '0000')
    expect(await shop.farebox(['credits', 'refund', never])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no such payment'),
    })
  })
})
