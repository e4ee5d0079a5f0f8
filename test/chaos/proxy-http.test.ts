import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { type HttpProxyOptions, httpProxy, type Observed } from './proxy-http.ts'
import type { LinkProxy } from './proxy-redis.ts'
import { createTap, type KillPoint } from './tap.ts'

const open: { stop(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.stop()))
})

/** Answers three pieces to whoever sent a whole request, and counts those. */
async function answering(): Promise<{ url: string; bodies: string[] }> {
  const bodies: string[] = []
  const server: Server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece) => pieces.push(piece))
    await new Promise((resolve) => request.once('end', resolve))
    bodies.push(Buffer.concat(pieces).toString())
    for (const piece of ['a', 'b', 'c']) {
      await new Promise((resolve) => response.write(piece, resolve))
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push({ stop: async () => void server.close().closeAllConnections() })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies }
}

async function proxied(url: string, more: Partial<HttpProxyOptions> & { point?: KillPoint } = {}) {
  let kills = 0
  const tap = createTap(
    async () => void kills++,
    () => 0,
  )
  const observed: Observed[] = []
  const options: HttpProxyOptions = { link: 'client', tap, target: () => url, requests: 'in', ...more }
  const proxy: LinkProxy = await httpProxy({ ...options, observe: (answer) => void observed.push(answer) })
  open.push(proxy)
  tap.arm(more.point)
  return { proxy, tap, observed, kills: () => kills }
}

const post = async (url: string) => {
  const response = await fetch(url, { method: 'POST', body: 'asked' }).catch(() => undefined)
  return response && { status: response.status, text: await response.text().catch(() => 'broken off') }
}

describe('in pieces', () => {
  test('head, chunks and end are messages, each way, and arrive as they were sent', async () => {
    const { url, bodies } = await answering()
    const { proxy, tap, observed } = await proxied(url)
    expect(await post(proxy.url)).toEqual({ status: 200, text: 'abc' })
    expect(bodies).toEqual(['asked'])
    const { messages } = tap.disarm()
    const labels = (direction: string) =>
      messages.filter((one) => one.direction === direction).map(({ label }) => label)
    expect(labels('in')).toEqual(['POST', 'chunk', 'end'])
    expect(labels('out')).toEqual(['200', 'chunk', 'chunk', 'chunk', 'end'])
    expect(observed).toMatchObject([{ status: 200, complete: true }])
  })

  test.each([
    { n: 1, when: 'before', got: undefined },
    { n: 1, when: 'after', got: { status: 200, text: 'broken off' } },
    { n: 4, when: 'after', got: { status: 200, text: 'broken off' } },
    { n: 5, when: 'before', got: { status: 200, text: 'broken off' } },
    { n: 5, when: 'after', got: { status: 200, text: 'abc' } },
  ] as const)('dead $when message $n of the answer', async ({ n, when, got }) => {
    const { url } = await answering()
    const { proxy, kills } = await proxied(url, { point: { link: 'client', direction: 'out', n, when } })
    expect(await post(proxy.url)).toEqual(got)
    expect(kills()).toBe(1)
  })

  test('an answer that was lost on the way counts as handed over whole', async () => {
    const { url } = await answering()
    const point = { link: 'client', direction: 'out', n: 1, when: 'before' } as const
    const { proxy, observed } = await proxied(url, { point })
    await post(proxy.url)
    await expect.poll(() => observed).toMatchObject([{ status: 200, complete: true }])
  })

  test('a request whose body was lost reaches nobody', async () => {
    const { url, bodies } = await answering()
    const { proxy } = await proxied(url, { point: { link: 'client', direction: 'in', n: 2, when: 'before' } })
    expect(await post(proxy.url)).toBeUndefined()
    expect(bodies).toEqual([])
  })
})

describe('whole', () => {
  const whole = (body: string) => body
  test('a request and its answer are one message each, named by what they hold', async () => {
    const { url } = await answering()
    const { proxy, tap } = await proxied(url, { link: 'base', requests: 'out', whole })
    expect(await post(proxy.url)).toEqual({ status: 200, text: 'abc' })
    expect(tap.disarm().messages).toEqual([
      { link: 'base', direction: 'out', n: 1, label: 'asked' },
      { link: 'base', direction: 'in', n: 1, label: 'abc' },
    ])
  })

  test.each([
    { when: 'before', reached: [] },
    { when: 'after', reached: ['asked'] },
  ] as const)('a request of one who died $when it', async ({ when, reached }) => {
    const { url, bodies } = await answering()
    const point = { link: 'base', direction: 'out', n: 1, when } as const
    const { proxy } = await proxied(url, { link: 'base', requests: 'out', whole, point })
    const asked = new AbortController()
    const gone = fetch(proxy.url, { method: 'POST', body: 'asked', signal: asked.signal }).catch(() => undefined)
    await expect.poll(() => bodies).toEqual(reached)
    asked.abort()
    await gone
  })
})
