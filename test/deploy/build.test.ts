import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { ROOT } from '../../devnet/services.ts'
import { decode } from '../support/evm-payment.ts'
import { startRedis } from '../support/redis-server.ts'
import { startUpstream } from '../support/upstream.ts'
import { type Build, build, EMBEDDED, type Gateway, MINIMAL, start } from './support/production.ts'

let built: Build
beforeAll(async () => {
  built = await build()
})
afterAll(() => built.remove())

/** A gateway that ends with its test, come what may. */
function gateway(env: Record<string, string>): Gateway {
  const started = start(built, env)
  onTestFinished(() => started.child.kill())
  return started
}

/** Asks it to stop; gives how it went and how long it took. */
async function stop({ child }: Gateway): Promise<{ how: string; ms: number }> {
  const since = performance.now()
  process.kill(child.pid, 'SIGTERM')
  return { how: await child.gone, ms: performance.now() - since }
}

const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))

describe('npm run build', () => {
  test('leaves nothing out but what it compiles', () => {
    const scripts = readdirSync(join(ROOT, 'src/adapters/store/redis'))
      .filter((name) => name.endsWith('.lua'))
      .map((name) => `adapters/store/redis/${name}`)
    expect(scripts.length).toBeGreaterThan(5)
    for (const file of [...scripts, 'main.js', 'index.d.ts', 'cli/index.js'])
      expect(existsSync(join(built.dir, 'dist', file)), file).toBe(true)
  })

  test('asks for nothing that production does not install', () => {
    const { dependencies } = JSON.parse(readFileSync(join(built.dir, 'package.json'), 'utf8'))
    const modules = files(join(built.dir, 'dist')).filter((file) => file.endsWith('.js'))
    const imports = modules.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/(?:from|import\() ?['"]([^'".][^'"]*)['"]/g)].map(
        ([, name = '']) => name,
      ),
    )
    const packages = imports
      .filter((name) => !name.startsWith('node:'))
      .map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0])
    expect(packages.length).toBeGreaterThan(10)
    expect([...new Set(packages)].filter((name) => !Object.hasOwn(dependencies, name ?? ''))).toEqual([])
  })
})

describe('node dist/main.js', () => {
  test.each(['lmdb', 'redis'])('serves with its payments in %s, and leaves quietly when asked to', async (kind) => {
    const running = gateway({ ...EMBEDDED, ...(kind === 'redis' && { REDIS_URL: inject('redisUrl') }) })
    const url = await running.url
    const live = await fetch(`${url}/livez`)
    expect([live.status, await live.json()]).toEqual([200, { status: 'ok' }])
    const ready = await fetch(`${url}/readyz`)
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', store: kind }])

    const unpaid = await fetch(`${url}/v2/quantmetrics?symbol=BTC&window=30d`)
    expect([unpaid.status, await unpaid.json()]).toMatchObject([402, { code: 'payment_required' }])
    const { accepts } = decode<{ accepts: { network: string }[] }>(unpaid.headers.get('payment-required') ?? '')
    expect(accepts.map(({ network }) => network.split(':')[0])).toEqual(['eip155', 'solana'])

    const { how, ms } = await stop(running)
    expect(how).toBe('exit code 0')
    expect(ms).toBeLessThan(5_000)
    expect(running.complaints).toEqual([])
  })

  test('needs no key where others settle', async () => {
    const elsewhere = 'http://127.0.0.1:9'
    const running = gateway({ ...MINIMAL, BASE_FACILITATOR: elsewhere, SOLANA_FACILITATOR: elsewhere })
    expect((await fetch(`${await running.url}/readyz`)).status).toBe(200)
    expect((await stop(running)).how).toBe('exit code 0')
  })

  test('lets a request under way finish before it stops, and takes no other', async () => {
    const upstream = await startUpstream()
    onTestFinished(() => upstream.stop())
    upstream.behave((_, response) => setTimeout(() => response.end('late'), 800))
    const running = gateway({ ...EMBEDDED, ANALYTICS_URL: upstream.url })
    const url = await running.url
    const late = fetch(`${url}/v2/status`)
    while (upstream.hits.length === 0) await sleep(5)

    const stopping = stop(running)
    await sleep(100)
    await expect(fetch(`${url}/livez`)).rejects.toThrow()
    const response = await late
    expect([response.status, await response.text()]).toEqual([200, 'late'])
    const { how, ms } = await stopping
    expect(how).toBe('exit code 0')
    expect(ms).toBeGreaterThan(500)
    expect(ms).toBeLessThan(5_000)
  })

  test('stops at once when told twice', async () => {
    const upstream = await startUpstream()
    onTestFinished(() => upstream.stop())
    upstream.behave(() => undefined)
    const running = gateway({ ...EMBEDDED, ANALYTICS_URL: upstream.url })
    const lost = fetch(`${await running.url}/v2/status`).catch(() => 'lost')
    while (upstream.hits.length === 0) await sleep(5)
    const stopping = stop(running)
    await sleep(100)
    process.kill(running.child.pid, 'SIGTERM')
    expect((await stopping).how).toBe('exit code 1')
    expect(await lost).toBe('lost')
  })
})

describe('a start that cannot be', () => {
  const { BASE_PAY_TO: _, ...unpaid } = EMBEDDED
  test.each<[string, Record<string, string>, string]>([
    ['a port', { ...EMBEDDED, PORT: 'http' }, 'PORT is "http": it must be a number from 0 to 65535'],
    ['a log level', { ...EMBEDDED, LOG_LEVEL: 'loud' }, 'LOG_LEVEL is "loud": it must be one of '],
    ['a public URL', { ...EMBEDDED, PUBLIC_URL: 'example.com' }, 'PUBLIC_URL is "example.com": it must be an origin'],
    ['a price list', { ...EMBEDDED, PRICING_FILE: './none.json' }, 'PRICING_FILE ./none.json cannot be read: ENOENT'],
    ['a payee', unpaid, 'pricing.json: /networks/base/payTo: the environment has no BASE_PAY_TO'],
    ['a relayer', MINIMAL, 'pricing.json: /networks/base/relayer: the embedded facilitator needs a relayer key'],
    ['a store directory', { ...EMBEDDED, STORE_DIR: './package.json' }, 'STORE_DIR ./package.json: '],
    ['a Redis', { ...EMBEDDED, REDIS_URL: 'redis://127.0.0.1:9' }, ''],
  ])('for want of %s says so in one line', async (_, env, line) => {
    const { child, complaints } = gateway(env)
    expect(await child.gone).toMatch(/^exit code 1: /)
    expect(complaints).toEqual([expect.stringContaining(`farebox: ${line}`)])
  })

  test('is one whose Redis evicts', async () => {
    const redis = await startRedis('--maxmemory-policy', 'allkeys-lru')
    onTestFinished(() => redis.stop())
    const { child, complaints } = gateway({ ...EMBEDDED, REDIS_URL: redis.url })
    expect(await child.gone).toMatch(/^exit code 1: /)
    expect(complaints).toEqual([
      'farebox: Redis evicts keys (maxmemory-policy allkeys-lru): set maxmemory-policy noeviction',
    ])
  })
})
