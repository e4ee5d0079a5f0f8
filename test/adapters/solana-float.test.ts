import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSolana, type SolanaWorld } from '../support/solana-world.ts'

const RENT_EXEMPT = 890_880n
const SETTLEMENT = 10_000n

let world: SolanaWorld
beforeAll(async () => {
  world = await openSolana()
})
afterAll(() => world.stop())

test('a fee payer low on lamports withdraws its offer, honours what it offered, and is back when it is funded', async () => {
  const poor = world.chain.createKeypair('poor fee payer')
  await world.chain.fund(poor.address, { sol: RENT_EXEMPT + 3n * SETTLEMENT })
  const facilitator = await world.facilitator({ feePayerKey: poor.secretKey, minFloatSettlements: 3 })
  await facilitator.inspect()
  expect(facilitator.extra()).toEqual({ feePayer: poor.address })

  const first = await world.payment({ feePayer: poor.address })
  expect(await world.settle(facilitator, first)).toMatchObject({ outcome: { outcome: 'settled' } })
  // Looked at soon after a send, without being asked.
  await expect.poll(() => facilitator.extra(), { timeout: 5_000 }).toBeUndefined()
  expect(facilitator.honoured()).toEqual([{ feePayer: poor.address }])
  const second = await world.payment({ feePayer: poor.address })
  expect(await world.settle(facilitator, second)).toMatchObject({ outcome: { outcome: 'settled' } })

  const [finding] = await facilitator.inspect()
  expect(finding).toMatchObject({ ok: false, fix: expect.stringContaining('send it SOL') })
  // What is left is no whole fee above what the account must keep.
  expect(facilitator.honoured()).toEqual([])

  await world.chain.fund(poor.address, { sol: 10n * SETTLEMENT })
  expect(await facilitator.inspect()).toMatchObject([{ ok: true }])
  expect(facilitator.extra()).toEqual({ feePayer: poor.address })
  expect(world.log.lines.map(({ event }) => event)).toEqual([
    'fee payer is low: offers withdrawn',
    'fee payer is funded: offers are back',
  ])
})

test('what the dearest payer asks the sponsor for in priority counts', async () => {
  const sponsor = world.chain.createKeypair('fee payer of dear payments')
  await world.chain.fund(sponsor.address, { sol: RENT_EXEMPT + 11n * SETTLEMENT })
  const facilitator = await world.facilitator({ feePayerKey: sponsor.secretKey, minFloatSettlements: 9 })
  expect(await facilitator.inspect()).toMatchObject([{ ok: true }])
  const computePrice = 100_000
  await world.settle(facilitator, await world.payment({ feePayer: sponsor.address, computePrice }))
  // 10,000 lamports for two signatures and 2,000 for 20,000 units: nine of those are more than is left.
  expect(await facilitator.inspect()).toMatchObject([{ ok: false }])
})

test('a node that does not answer withdraws nothing', async () => {
  const facilitator = await world.facilitator({
    rpc: { call: () => Promise.reject(new Error('away')), close: async () => undefined },
  })
  await expect(facilitator.inspect()).rejects.toThrow('away')
  expect(facilitator.extra()).toBeDefined()
})
