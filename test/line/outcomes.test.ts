import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { decode } from '../support/evm-payment.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { openWorld, type World } from '../support/world.ts'

const PRICE = 34_000n

describe('an upstream that fails after the payment settled', () => {
  let world: World
  beforeAll(async () => {
    world = await openWorld()
  })
  afterAll(() => world.stop())
  beforeEach(() => {
    world.upstream.hits.length = 0
    world.upstream.behave(undefined)
  })

  const failures: [string, Parameters<World['upstream']['behave']>[0]][] = [
    ['answers 500', (_, response) => void response.writeHead(500).end('secret stack trace')],
    ['answers 429', (_, response) => void response.writeHead(429).end()],
    ['resets', (_, response) => void response.socket?.destroy()],
    ['hangs', () => undefined],
  ]
  test.each(failures)('%s: 502 with the receipt and a credit, redeemed by the same payment', async (_, behaviour) => {
    const before = await world.revenue()
    const { v2 } = await world.sign()
    world.upstream.behave(behaviour)
    const failed = await world.call(v2)
    expect(failed).toMatchObject({ status: 502, json: { code: 'upstream_failed', charged: true, retryable: true } })
    expect(failed.text).not.toContain('secret')
    expect(decode(failed.headers.get('payment-response') ?? '')).toMatchObject({
      success: true,
      amount: String(PRICE),
      extensions: { farebox: { credit: true } },
    })
    expect(failed.headers.get('payment-required')).toBeNull()

    world.upstream.behave(undefined)
    const served = await world.call(v2)
    expect(served).toMatchObject({ status: 200, json: { data: 'sold' } })
    expect(decode(served.headers.get('payment-response') ?? '')).toMatchObject({
      transaction: decode(failed.headers.get('payment-response') ?? '')['transaction'],
    })
    expect(await world.call(v2)).toMatchObject({ status: 402, json: { code: 'payment_already_used' } })
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('is tried three times in all, then kept for a refund', async () => {
    world.upstream.behave((_, response) => void response.writeHead(503).end())
    const { v2 } = await world.sign()
    for (const code of ['upstream_failed', 'upstream_failed', 'delivery_exhausted'])
      expect(await world.call(v2)).toMatchObject({ status: 502, json: { code, charged: true } })
    expect(await world.call(v2)).toMatchObject({
      status: 502,
      json: { code: 'delivery_exhausted', charged: true, retryable: false },
    })
    expect(world.upstream.hits).toHaveLength(3)
  })

  test('breaks off a small body: not a byte of it is handed out, and a credit is kept', async () => {
    const { v2 } = await world.sign()
    world.upstream.behave((_, response) => {
      response.writeHead(200, { 'content-length': '100000' })
      response.write('x'.repeat(50_000), () => response.socket?.destroy())
    })
    expect(await world.call(v2)).toMatchObject({ status: 502, json: { code: 'upstream_failed', charged: true } })
    world.upstream.behave(undefined)
    expect(await world.call(v2)).toMatchObject({ status: 200 })
  })

  test('breaks off a large body: the caller sees a broken connection, and a credit is kept', async () => {
    const { v2 } = await world.sign()
    world.upstream.behave((_, response) => {
      response.writeHead(200, { 'content-length': '4000000' })
      response.write('x'.repeat(2_000_000), () => response.socket?.destroy())
    })
    await expect(world.call(v2)).rejects.toThrow()
    world.upstream.behave(undefined)
    expect(await world.call(v2)).toMatchObject({ status: 200 })
  })

  test('answers 404: that is an answer, and it was sold', async () => {
    const { v2 } = await world.sign()
    world.upstream.behave(
      (_, response) => void response.writeHead(404, { 'content-type': 'application/json' }).end('{"none":true}'),
    )
    expect(await world.call(v2)).toMatchObject({ status: 404, json: { none: true } })
    expect(await world.call(v2)).toMatchObject({ status: 402, json: { code: 'payment_already_used' } })
  })

  test('is cancelled when the caller hangs up, and the payment stays owed', async () => {
    const { v2 } = await world.sign()
    let cancelled = false
    world.upstream.behave((_, response) => void response.once('close', () => (cancelled = true)))
    const hangUp = AbortSignal.timeout(300)
    await expect(world.call(v2, { signal: hangUp })).rejects.toThrow()
    await expect.poll(() => cancelled).toBe(true)
    world.upstream.behave(undefined)
    await expect.poll(async () => (await world.call(v2)).status).toBe(200)
  })
})

describe('a store that is gone', () => {
  let redis: RedisServer
  let world: World
  beforeAll(async () => {
    redis = await startRedis()
    world = await openWorld({ store: 'redis', redisUrl: redis.url })
  })
  afterAll(async () => {
    await world.stop()
    await redis.stop()
  })

  test('shuts the gate: 503, upstream untouched, nothing settled; and the payment is good once it is back', async () => {
    const before = await world.revenue()
    const { v2 } = await world.sign()
    process.kill(redis.pid, 'SIGSTOP')
    const refused = await world.call(v2)
    process.kill(redis.pid, 'SIGCONT')
    expect(refused).toMatchObject({ status: 503, json: { code: 'store_unavailable', charged: false } })
    expect(refused.headers.get('retry-after')).not.toBeNull()
    expect(refused.headers.get('payment-required')).toBeNull()
    expect(world.upstream.hits).toHaveLength(0)
    expect(await world.revenue()).toBe(before)
    await expect.poll(async () => (await world.call(v2)).status, { timeout: 15_000 }).toBe(200)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('still lets prices be asked', async () => {
    process.kill(redis.pid, 'SIGSTOP')
    const [quote, ready] = await Promise.all([world.call(), world.call(undefined, { target: '/readyz' })])
    process.kill(redis.pid, 'SIGCONT')
    expect(quote.status).toBe(402)
    expect(ready.status).toBe(503)
  })

  test('that would evict records is not started with', async () => {
    const evicting = await startRedis('--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru')
    await expect(openWorld({ store: 'redis', redisUrl: evicting.url })).rejects.toThrow(
      'set maxmemory-policy noeviction',
    )
    await evicting.stop()
  })
  test('that keeps no append-only file is warned of', async () => {
    const forgetful = await startRedis('--appendonly', 'no')
    const warned = await openWorld({ store: 'redis', redisUrl: forgetful.url })
    expect(warned.gateway.log.lines.filter(({ level }) => level === 'warn').map(({ event }) => event)).toEqual([
      expect.stringContaining('appendonly yes'),
    ])
    await warned.stop()
    await forgetful.stop()
  })
})
