import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { newPayer } from '../support/payer.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { openWorld, type World } from '../support/world.ts'

const PRICE = 34_000n

describe('T9: a store that forgets or does not answer', () => {
  let redis: RedisServer
  let admin: Redis
  let world: World
  beforeAll(async () => {
    redis = await startRedis()
    admin = new Redis(redis.url)
    world = await openWorld({ store: 'redis', redisUrl: redis.url })
  })
  afterAll(async () => {
    await world.stop()
    admin.disconnect()
    await redis.stop()
  })
  afterEach(() => {
    world.upstream.hits.length = 0
  })
  const pay = async (authorization = {}) =>
    (await world.sign({ privateKey: (await newPayer(world.evm)).privateKey, authorization })).v2

  test('T9: emptied, it has forgotten a payment that was served: the chain refuses the replay', async () => {
    const before = await world.revenue()
    const payment = await pay()
    expect(await world.call(payment)).toMatchObject({ status: 200 })
    await admin.flushall()
    for (let count = 0; count < 3; count++) {
      const refused = await world.call(payment)
      expect(refused.status).not.toBe(200)
      expect(refused.json.charged).toBe(false)
    }
    expect(world.upstream.hits).toHaveLength(1)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('T9: emptied in the middle of a sale, it costs the payer no second charge', async () => {
    const before = await world.revenue()
    const payment = await pay()
    let reached: () => void = () => undefined
    const atUpstream = new Promise<void>((resolve) => {
      reached = resolve
    })
    let finish: () => void = () => undefined
    world.upstream.behave((_, response) => {
      reached()
      finish = () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":"sold"}')
    })
    const first = world.call(payment).catch(() => undefined)
    await atUpstream
    await admin.flushall()
    const again = await world.call(payment)
    finish()
    await first
    world.upstream.behave(undefined)
    expect(again.status).not.toBe(200)
    expect((await world.call(payment)).status).not.toBe(200)
    expect(world.upstream.hits).toHaveLength(1)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('T9: it hangs: 503, nothing served, nothing settled, and the payment is good afterwards', async () => {
    const before = await world.revenue()
    const payment = await pay()
    process.kill(redis.pid, 'SIGSTOP')
    const refused = await world.call(payment)
    process.kill(redis.pid, 'SIGCONT')
    expect(refused).toMatchObject({ status: 503, json: { code: 'store_unavailable', charged: false } })
    expect(refused.headers.get('payment-required')).toBeNull()
    expect(world.upstream.hits).toHaveLength(0)
    expect(await world.revenue()).toBe(before)
    await expect.poll(async () => (await world.call(payment)).status, { timeout: 15_000 }).toBe(200)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('T9: it is out of memory and writes nothing: 503, nothing served, nothing settled', async () => {
    const before = await world.revenue()
    const payment = await pay()
    await admin.config('SET', 'maxmemory', '1')
    const refused = await world.call(payment)
    await admin.config('SET', 'maxmemory', '0')
    expect(refused).toMatchObject({ status: 503, json: { code: 'store_unavailable', charged: false } })
    expect(world.upstream.hits).toHaveLength(0)
    expect(await world.revenue()).toBe(before)
    await expect.poll(async () => (await world.call(payment)).status, { timeout: 15_000 }).toBe(200)
    expect(world.upstream.hits).toHaveLength(1)
  })

  test('T9: out of memory once the payment has settled: served once and charged once all the same', async () => {
    const before = await world.revenue()
    const payment = await pay()
    world.upstream.behave((_, response) => {
      void admin
        .config('SET', 'maxmemory', '1')
        .then(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":"sold"}'))
    })
    const answers = [await world.call(payment)]
    await admin.config('SET', 'maxmemory', '0')
    world.upstream.behave(undefined)
    const again = async () => {
      const answer = await world.call(payment)
      answers.push(answer)
      return answer.json.code
    }
    await expect.poll(again, { timeout: 25_000 }).toBe('payment_already_used')
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(await world.revenue()).toBe(before + PRICE)
  })

  test('T9: an authorization that would outlive our memory of it is refused', async () => {
    const end = Math.floor(Date.now() / 1_000) + 60 + 30
    const refused = await world.call(await pay({ validBefore: String(end + 60) }))
    expect(refused).toMatchObject({
      status: 402,
      json: { code: 'invalid_exact_evm_payload_authorization_valid_before', charged: false },
    })
    expect(world.upstream.hits).toHaveLength(0)
  })

  test.each([-30, 30])('T9: a client whose clock is off by %i s is served once', async (seconds) => {
    const now = Math.floor(Date.now() / 1_000) + seconds
    const payment = await pay({ validAfter: String(now - 600), validBefore: String(now + 60) })
    expect(await world.call(payment)).toMatchObject({ status: 200 })
    expect(await world.call(payment)).toMatchObject({ status: 402, json: { code: 'payment_already_used' } })
    expect(world.upstream.hits).toHaveLength(1)
  })
})

test('T9: a store that would evict records is not started with', async () => {
  const evicting = await startRedis('--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru')
  await expect(openWorld({ store: 'redis', redisUrl: evicting.url })).rejects.toThrow('set maxmemory-policy noeviction')
  await evicting.stop()
})
