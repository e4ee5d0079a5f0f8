import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendToken } from '../operate/ledger-support.ts'
import { TARGET } from '../support/world.ts'
import { openShop, type Shop, transactionOf } from './credits-support.ts'

let shop: Shop
/** The same shop after its store was lost: same chains, same payees, another store. */
let after: Shop
beforeAll(async () => {
  shop = await openShop()
  after = await openShop(shop.world)
})
afterAll(async () => {
  await after.stop()
  await shop.stop()
})

const payer = () => shop.world.evm.accounts.payer.address
/** Grants what a transaction paid for. */
const makeGood = (transaction: string, address: string = payer(), network = 'base') => {
  const order = ['--payer', address, '--network', network, '--request', `GET ${TARGET}`]
  return after.farebox(['credits', 'grant', ...order, '--transaction', transaction])
}
const refusal = (said: string) => ({ code: 1, json: { ok: false, error: expect.stringContaining(said) } })

test('a transaction without a record is made good once, for its payer, and the payment itself redeems it', async () => {
  const { key, v2, transaction } = await shop.owe()
  expect(await makeGood(transaction, shop.world.evm.accounts.payee.address)).toMatchObject(refusal('does not show'))
  expect(await makeGood(`0x${'ab'.repeat(32)}`)).toMatchObject(refusal('does not show'))
  const granted = { granted: key, payer: payer(), route: 'GET /v2/data', amount: '34000', transaction }
  expect((await makeGood(transaction)).json).toEqual(granted)
  expect(await makeGood(transaction)).toMatchObject(refusal('nothing is granted twice'))
  const { differences } = (await after.farebox(['ledger', 'verify'])).json
  expect(differences.map((one: { transaction?: string }) => one.transaction)).not.toContain(transaction)

  const before = await shop.holds()
  const { gateway } = after.world
  const page = await shop.world.call(v2, { gateway, target: `/payments/${key}` })
  expect(page.json).toMatchObject({ state: 'credited', charged: true, owed: true })
  expect(await shop.world.call(v2, { gateway })).toMatchObject({ status: 200 })
  expect(await shop.holds()).toBe(before)
  expect(await makeGood(transaction)).toMatchObject(refusal('delivered'))
})

test('on Solana likewise, and a new payment redeems it', async () => {
  const transaction = transactionOf(await shop.world.call(await shop.signSolana()))
  const { address } = shop.agents.solana
  const granted = await makeGood(transaction, address, 'solana')
  expect(granted.json).toMatchObject({ payer: address, amount: '34000', transaction })
  const before = await shop.holds('solana')
  const served = await shop.world.call(await shop.signSolana(), { gateway: after.world.gateway })
  expect(served.status).toBe(200)
  expect(await shop.holds('solana')).toBe(before)
})

test('a plain deposit counts for the call it was meant for, once', async () => {
  const { evm } = shop.world
  const transaction = await sendToken(evm, evm.assets.USDC, payer(), evm.accounts.payee.address, 50_000n)
  const granted = { granted: expect.stringContaining(`:grant:${payer().toLowerCase()}:`), amount: '50000', transaction }
  expect((await makeGood(transaction)).json).toMatchObject(granted)
  expect(await makeGood(transaction)).toMatchObject(refusal('nothing is granted twice'))
})
