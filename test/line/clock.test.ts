import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Built, buildGateway } from '../chaos/build.ts'
import { type GatewayProcess, gatewayProcess } from '../chaos/gateway-process.ts'
import { encode } from '../support/evm-payment.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { openWorld, type PricingJson, TARGET, type World } from '../support/world.ts'

const PRICE = 34_000n
const SKEWS = [0, 30_000, -30_000]
const PAYMENTS = 15

let world: World
let redis: RedisServer
let built: Built
let directory: string
const gateways: GatewayProcess[] = []
beforeAll(async () => {
  redis = await startRedis()
  built = buildGateway()
  directory = mkdtempSync(join(tmpdir(), 'farebox-clock-'))
  let json: PricingJson | undefined
  world = await openWorld({
    store: 'redis',
    redisUrl: redis.url,
    pricing: (pricing) => {
      json = pricing
    },
  })
  const file = join(directory, 'pricing.json')
  writeFileSync(file, JSON.stringify(json))
  const env = { PRICING_FILE: file, REDIS_URL: redis.url, RELAYER: world.evm.accounts.relayer.privateKey }
  for (const skew of SKEWS) {
    const gateway = gatewayProcess(join(built.dist, 'main.js'), env)
    await gateway.start(skew)
    gateways.push(gateway)
  }
})
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.kill()))
  await world.stop()
  await redis.stop()
  built.remove()
  rmSync(directory, { recursive: true, force: true })
})
beforeEach(() => {
  world.upstream.hits.length = 0
})

const ask = async (
  gateway: GatewayProcess | undefined,
  payment: object,
): Promise<{ status: number; code?: string }> => {
  const headers = { 'payment-signature': encode(payment) }
  const answer = await fetch(`${gateway?.url()}${TARGET}`, { headers })
  const { code } = (await answer.json()) as { code?: string }
  return { status: answer.status, ...(code && { code }) }
}

/** A payment by a wallet of its own, so that none stands for another's call. */
async function signed() {
  const privateKey = generatePrivateKey()
  await world.evm.fund(privateKeyToAddress(privateKey), { usdc: PRICE })
  return (await world.sign({ privateKey })).v2
}

test('honest payers are served by every gateway, though its clock is off by half a minute', async () => {
  const before = await world.revenue()
  for (const gateway of gateways) expect(await ask(gateway, await signed())).toEqual({ status: 200 })
  expect(await world.revenue()).toBe(before + PRICE * BigInt(SKEWS.length))
})

test('a payment that comes to all of them at once is served once and settled once', async () => {
  const before = await world.revenue()
  const payments = await Promise.all(Array.from({ length: PAYMENTS }, signed))
  const answers = await Promise.all(payments.map((one) => Promise.all(gateways.map((gateway) => ask(gateway, one)))))
  for (const [index, copies] of answers.entries()) {
    expect(copies.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { status, code } of copies.filter(({ status }) => status !== 200))
      expect([status, code]).toEqual(status === 409 ? [409, 'payment_in_flight'] : [402, 'payment_already_used'])
    // And stays used on each of them, once the record is closed: the response is out a moment before.
    for (const gateway of gateways)
      await expect
        .poll(() => ask(gateway, payments[index] as object))
        .toEqual({ status: 402, code: 'payment_already_used' })
  }
  expect(world.upstream.hits).toHaveLength(PAYMENTS)
  expect(await world.revenue()).toBe(before + PRICE * BigInt(PAYMENTS))
})

test('T9: an authorization that would outlive its record is refused by the clock that runs ahead and the one behind', async () => {
  const now = Math.floor(Date.now() / 1_000)
  const privateKey = generatePrivateKey()
  await world.evm.fund(privateKeyToAddress(privateKey), { usdc: PRICE })
  // Longer than maxTimeoutSeconds, the allowed skew and the clocks' own error together.
  const { v2 } = await world.sign({ privateKey, authorization: { validBefore: String(now + 60 + 30 + 30 + 20) } })
  for (const gateway of gateways)
    expect(await ask(gateway, v2)).toEqual({
      status: 402,
      code: 'invalid_exact_evm_payload_authorization_valid_before',
    })
  expect(world.upstream.hits).toHaveLength(0)
})
