import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { SolanaChain } from '../../devnet/solana/index.ts'
import { startFacilitator, type TestFacilitator } from '../support/facilitator.ts'
import { newPayer } from '../support/payer.ts'
import { signSolana } from '../support/solana-client.ts'
import { type Answer, openWorld, type RunningGateway, TARGET, type World } from '../support/world.ts'

const PRICE = 34_000n
/** Longer than the pause between two looks at what is ill. */
const BACK = { timeout: 15_000 }

let world: World
let solana: SolanaChain
let first: TestFacilitator
let second: TestFacilitator
let gateway: RunningGateway
beforeAll(async () => {
  world = await openWorld({ solana: true, work: false })
  solana = world.solana as SolanaChain
})
afterAll(() => world.stop())
beforeEach(async () => {
  const { accounts } = world.evm
  first = await remote('first', accounts.facilitator)
  second = await remote('second', accounts.deployer)
  gateway = await world.addGateway(({ networks }) => {
    const { relayer: _, ...base } = networks['base'] ?? {}
    const { feePayer: __, ...other } = networks['solana'] ?? {}
    const facilitator = [first.url, second.url]
    networks['base'] = { ...base, facilitator, confirmMs: 2_000 }
    networks['solana'] = { ...other, facilitator, confirmMs: 2_000 }
  })
  world.upstream.hits.length = 0
})
afterEach(async () => {
  await gateway.stop()
  await Promise.all([first.stop(), second.stop()])
})

async function remote(label: string, account: World['evm']['accounts']['facilitator']): Promise<TestFacilitator> {
  const feePayer = solana.createKeypair(label)
  await solana.fund(feePayer.address, { sol: 1_000_000_000n })
  return startFacilitator(world.evm, { account, solana: { chain: solana, feePayer } })
}
const feePayerOf = (label: string): string => solana.createKeypair(label).address
const onSolana = async () => (await world.offers(TARGET, gateway)).find(({ network }) => network === solana.network)
const offered = async () => (await onSolana())?.extra['feePayer']
const call = (payment: { x402Version: number }): Promise<Answer> => world.call(payment, { gateway })
const solanaPayer = async () => {
  const payer = solana.createKeypair(crypto.randomUUID())
  await solana.fund(payer.address, { sol: 10_000_000n, usdc: 1_000_000n })
  return payer
}
const signed = async (by?: Awaited<ReturnType<typeof solanaPayer>>) => {
  const offer = await onSolana()
  if (!offer) throw new Error('no offer on Solana')
  const payer = by ?? (await solanaPayer())
  return (await signSolana({ ...solana, accounts: { ...solana.accounts, payer } }, offer)).v2
}
/** Has the gateway look at its facilitators now, as it does by itself now and then. */
const notice = async (): Promise<void> => {
  await Promise.all([...gateway.app.parts.facilitators.values()].map((one) => one.inspect()))
}
const states = (of: TestFacilitator, network: string): string[] =>
  gateway.log.lines.flatMap(({ event, fields }) => {
    const { facilitator, network: on } = fields as { facilitator?: string; network?: string }
    return facilitator === of.url && on === network ? [event.replace('facilitator is ', '')] : []
  })

test('offers are those of the first one; while it is down those of the second, and back', async () => {
  expect(await offered()).toBe(feePayerOf('first'))
  await first.fall()
  await notice()
  expect(await offered()).toBe(feePayerOf('second'))
  expect(await call(await signed())).toMatchObject({ status: 200 })
  expect(second.settlements()).toHaveLength(1)
  await first.rise()
  await expect.poll(offered, BACK).toBe(feePayerOf('first'))
  expect(await call(await signed())).toMatchObject({ status: 200 })
  expect([first.settlements().length, second.settlements().length]).toEqual([1, 1])
  expect(states(first, solana.network)).toEqual(['healthy', 'unhealthy', 'healthy'])
})

test('a payment that names the fee payer of one that is down is refused, and not sent to the other', async () => {
  const payment = await signed()
  await first.fall()
  await notice()
  const refused = await call(payment)
  expect(refused).toMatchObject({ status: 402, json: { code: 'invalid_payment_requirements', charged: false } })
  expect(refused.headers.get('payment-required')).not.toBeNull()
  expect(second.settlements()).toHaveLength(0)
  expect(world.upstream.hits).toHaveLength(0)
  // Nothing was written down for it: once the first is back the very same payment is good.
  await first.rise()
  await expect.poll(offered, BACK).toBe(feePayerOf('first'))
  expect(await call(payment)).toMatchObject({ status: 200 })
  expect([first.settlements().length, second.settlements().length]).toEqual([1, 0])
})

test('a quote of the second is honoured there when the first is back', async () => {
  await first.fall()
  await notice()
  const payment = await signed()
  await first.rise()
  await expect.poll(offered, BACK).toBe(feePayerOf('first'))
  expect(await call(payment)).toMatchObject({ status: 200 })
  expect([first.settlements().length, second.settlements().length]).toEqual([0, 1])
})

test.each(['Base', 'Solana'])(
  '%s: an ambiguous settlement is not sent to the other one, not by a retry and not by a new payment',
  async (chain) => {
    const [{ privateKey }, payer] = [await newPayer(world.evm), await solanaPayer()]
    const pay = async () => (chain === 'Base' ? (await world.sign({ privateKey })).v2 : signed(payer))
    const payment = await pay()
    first.lie({ path: '/settle', reply: 'cut' })
    for (let count = 0; count < 3; count++)
      expect(await call(payment)).toMatchObject({ status: 503, json: { code: 'settlement_pending' } })
    first.lie(undefined)
    expect(await call(payment)).toMatchObject({ status: 503, json: { code: 'settlement_pending' } })
    expect(await call(await pay())).toMatchObject({ status: 409, json: { code: 'earlier_payment_pending' } })
    expect([first.settlements().length, second.settlements().length]).toEqual([1, 0])
    expect(world.upstream.hits).toHaveLength(0)
  },
)

test('Base: three ambiguous settlements open the breaker; payments go to the second, and back once a trial has settled', async () => {
  const before = await world.revenue()
  const pay = async () => (await world.sign({ privateKey: (await newPayer(world.evm)).privateKey })).v2
  first.lie({ path: '/settle', reply: { status: 502, body: '<html>Bad Gateway</html>' } })
  const failed = await Promise.all([1, 2, 3].map(async () => call(await pay())))
  expect(failed.map(({ status }) => status)).toEqual([503, 503, 503])
  expect(states(first, world.evm.network)).toEqual(['healthy', 'failing'])
  for (let count = 0; count < 2; count++) expect(await call(await pay())).toMatchObject({ status: 200 })
  expect([first.settlements().length, second.settlements().length]).toEqual([3, 2])

  first.lie(undefined)
  await expect.poll(() => states(first, world.evm.network), BACK).toEqual(['healthy', 'failing', 'on trial'])
  expect(await call(await pay())).toMatchObject({ status: 200 })
  expect(states(first, world.evm.network)).toEqual(['healthy', 'failing', 'on trial', 'healthy'])
  expect(first.settlements()).toHaveLength(4)
  expect(await world.revenue()).toBe(before + 3n * PRICE)
})

test('both down: 503 without a quote, and the same payment is good once one is back', async () => {
  const { v2 } = await world.sign({ privateKey: (await newPayer(world.evm)).privateKey })
  await Promise.all([first.fall(), second.fall()])
  await notice()
  for (const payment of [undefined, v2]) {
    const refused = await world.call(payment, { gateway })
    expect(refused).toMatchObject({ status: 503, json: { code: 'facilitator_unavailable', charged: false } })
    expect(refused.headers.get('payment-required')).toBeNull()
  }
  expect(world.upstream.hits).toHaveLength(0)
  await second.rise()
  await expect.poll(async () => (await call(v2)).status, BACK).toBe(200)
  expect(second.settlements()).toHaveLength(1)
})
