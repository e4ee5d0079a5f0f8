import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type EvmChain, startEvm } from '../../devnet/evm/index.ts'
import { type Built, buildGateway } from '../chaos/build.ts'
import { type GatewayProcess, gatewayProcess } from '../chaos/gateway-process.ts'
import { priceList } from '../chaos/price-list.ts'
import { decode, encode, signBase, type WireOffer } from '../support/evm-payment.ts'
import { newPayer } from '../support/payer.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type CountingUpstream, startUpstream } from '../support/upstream.ts'

const PRICE = 34_000n
const TARGET = '/v2/before/get/small'
/** How far each gateway's own clock is off. */
const SKEWS = [-30_000, 0, 30_000]
const [SLOW, RIGHT, FAST] = [0, 1, 2]

let evm: EvmChain
let upstream: CountingUpstream
let redis: RedisServer
let built: Built
let gateways: GatewayProcess[]
const directory = mkdtempSync(join(tmpdir(), 'farebox-clock-'))

beforeAll(async () => {
  built = buildGateway()
  ;[evm, upstream, redis] = await Promise.all([startEvm(), startUpstream(), startRedis()])
  const file = join(directory, 'pricing.json')
  const rpcUrls = { base: evm.rpcUrl }
  writeFileSync(
    file,
    JSON.stringify(priceList({ evm, solana: undefined, rpcUrls, upstreamUrl: upstream.url, modes: ['before'] })),
  )
  gateways = SKEWS.map(() =>
    gatewayProcess(join(built.dist, 'main.js'), {
      PRICING_FILE: file,
      REDIS_URL: redis.url,
      RELAYER: evm.accounts.relayer.privateKey,
    }),
  )
  await Promise.all(gateways.map((gateway, index) => gateway.start(SKEWS[index] as number)))
})
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.kill()))
  await Promise.all([evm.stop(), upstream.stop(), redis.stop()])
  built.remove()
  rmSync(directory, { recursive: true, force: true })
})
afterEach(() => {
  upstream.behave(undefined)
  upstream.hits.length = 0
})

const now = () => Math.floor(Date.now() / 1_000)
const revenue = () => evm.balanceOf(evm.assets.USDC, evm.accounts.payee.address)

/** An authorization of an honest payer, who takes the time of the world for right. */
async function sign(lives?: number): Promise<object> {
  const unpaid = await fetch(`${gateways[RIGHT]?.url()}${TARGET}`)
  const { accepts } = decode<{ accepts: WireOffer[] }>(unpaid.headers.get('payment-required') ?? '')
  const { privateKey } = await newPayer(evm)
  const authorization = lives === undefined ? {} : { validBefore: String(now() + lives) }
  return (await signBase({ privateKey, offer: accepts[0] as WireOffer, authorization })).v2
}

async function call(gateway: number, payment: object): Promise<{ status: number; code?: string; charged?: boolean }> {
  const response = await fetch(`${gateways[gateway]?.url()}${TARGET}`, {
    headers: { 'payment-signature': encode(payment) },
  })
  return { ...((await response.json()) as object), status: response.status }
}

const SPENT = { status: 402, code: 'payment_already_used' }

test.each(SKEWS.map((skew, index) => [skew / 1_000, index] as const))(
  'a payment served by a gateway whose clock is off by %i s is spent on the others',
  async (_, first) => {
    const before = await revenue()
    const payment = await sign()
    expect(await call(first, payment)).toMatchObject({ status: 200 })
    for (const other of SKEWS.keys()) expect(await call(other, payment)).toMatchObject(SPENT)
    expect(upstream.hits).toHaveLength(1)
    expect(await revenue()).toBe(before + PRICE)
  },
)

test('copies of one payment at gateways of three clocks at once are served once and settled once', async () => {
  const before = await revenue()
  const payment = await sign()
  const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => call(index % SKEWS.length, payment)))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  for (const { status, code } of answers)
    if (status !== 200) expect(['payment_in_flight', 'payment_already_used']).toContain(code)
  expect(upstream.hits).toHaveLength(1)
  expect(await revenue()).toBe(before + PRICE)
})

test('T20: what ends too soon by one clock is refused there for nothing, and served by another', async () => {
  const before = await revenue()
  const payment = await sign(33)
  expect(await call(FAST, payment)).toMatchObject({ status: 402, charged: false })
  expect(upstream.hits).toHaveLength(0)
  expect(await revenue()).toBe(before)
  expect(await call(RIGHT, payment)).toMatchObject({ status: 200 })
  expect(await call(FAST, payment)).toMatchObject(SPENT)
  expect(await revenue()).toBe(before + PRICE)
})

test('T20: what has ended on chain is not served by a clock that is behind', async () => {
  const before = await revenue()
  expect(await call(SLOW, await sign(-5))).toMatchObject({ status: 402, charged: false })
  expect(upstream.hits).toHaveLength(0)
  expect(await revenue()).toBe(before)
})

test('T9: what outlives its quote by one clock is refused there, and remembered where another clock takes it', async () => {
  const before = await revenue()
  const payment = await sign(110)
  for (const gateway of [SLOW, RIGHT])
    expect(await call(gateway, payment)).toMatchObject({
      status: 402,
      code: 'invalid_exact_evm_payload_authorization_valid_before',
      charged: false,
    })
  expect(upstream.hits).toHaveLength(0)
  expect(await call(FAST, payment)).toMatchObject({ status: 200 })
  for (const other of SKEWS.keys()) expect(await call(other, payment)).toMatchObject(SPENT)
  expect(upstream.hits).toHaveLength(1)
  expect(await revenue()).toBe(before + PRICE)
})

/** Holds the next response back until it is told to go on. */
function holdBack(): { readonly reached: Promise<void>; readonly finish: () => void } {
  let finish = () => {}
  const reached = new Promise<void>((resolve) => {
    upstream.behave((_, response) => {
      finish = () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"serial":1}')
      resolve()
    })
  })
  return { reached, finish: () => finish() }
}

test.each([
  ['ahead', FAST, SLOW],
  ['behind', SLOW, FAST],
])('a lease held by a clock that is %s is no other gateway’s to end', async (_, holder, other) => {
  const before = await revenue()
  const payment = await sign()
  const { reached, finish } = holdBack()
  const first = call(holder, payment)
  await reached
  // Longer than the lease, which its holder renews.
  for (const end = Date.now() + 1_200; Date.now() < end; )
    expect(await call(other, payment)).toMatchObject({ status: 409, code: 'payment_in_flight' })
  finish()
  expect(await first).toMatchObject({ status: 200 })
  expect(await call(other, payment)).toMatchObject(SPENT)
  expect(upstream.hits).toHaveLength(1)
  expect(await revenue()).toBe(before + PRICE)
})

test('the lease of a killed gateway whose clock is ahead ends by the store’s clock, and another one serves what is owed', async () => {
  const before = await revenue()
  const payment = await sign()
  const { reached } = holdBack()
  const first = call(FAST, payment).catch(() => undefined)
  await reached
  await gateways[FAST]?.kill()
  await first
  upstream.behave(undefined)
  const since = Date.now()
  await expect.poll(async () => (await call(SLOW, payment)).status, { timeout: 15_000, interval: 100 }).toBe(200)
  // Neither at once nor thirty seconds late.
  expect(Date.now() - since).toBeLessThan(15_000)
  expect(await call(RIGHT, payment)).toMatchObject(SPENT)
  expect(new Set(upstream.hits.map(({ headers }) => headers['x-farebox-payment'])).size).toBe(1)
  expect(await revenue()).toBe(before + PRICE)
})
