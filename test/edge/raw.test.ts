import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { encode } from '../support/evm-payment.ts'
import { raw, statuses } from '../support/raw.ts'
import { openWorld, TARGET, type World } from '../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())
afterEach(() => {
  world.upstream.hits.length = 0
})

const get = (target: string, ...headers: string[]) =>
  [`GET ${target} HTTP/1.1`, 'Host: farebox.test', 'Connection: close', ...headers, '', ''].join('\r\n')
const send = (bytes: string) => raw(world.gateway.url, bytes)

describe('a path that is written otherwise reaches nothing unpaid', () => {
  test.each([
    '/v2%2Fdata?symbol=BTC',
    '/v2%5Cdata',
    '/v2\\data',
    '/v2/data%0A',
    '//v2/data',
    '/v2/data;x=1',
    '/v2/data%00',
    '/v2/data%E2%80%A8',
    '/V2/DATA',
    '/v2/data/',
    '/v2/./data',
    '/v2/status/../data',
    '/v2/status/%2e%2e/data',
    'http://127.0.0.1/v2/data',
    '//127.0.0.1/v2/data',
    '/@127.0.0.1/',
    '/\\127.0.0.1/',
    '*',
    '/v2/data?symbol=BTC#x',
  ])('%s', async (target) => {
    const [status] = statuses(await send(get(target)))
    expect([400, 402, 404]).toContain(status)
    expect(world.upstream.hits).toEqual([])
  })
})

describe('methods', () => {
  test('HEAD is priced like GET', async () => {
    const answer = await send(get(TARGET).replace('GET', 'HEAD'))
    expect(statuses(answer)).toEqual([402])
    expect(answer.toLowerCase()).toContain('payment-required:')
    expect(answer.split('\r\n\r\n')[1]).toBe('')
    expect(world.upstream.hits).toEqual([])
  })
  test('a paid HEAD is delivered as HEAD', async () => {
    const { v2 } = await world.sign()
    expect(statuses(await send(get(TARGET, `PAYMENT-SIGNATURE: ${encode(v2)}`).replace('GET', 'HEAD')))).toEqual([200])
    expect(world.upstream.hits.map(({ method }) => method)).toEqual(['HEAD'])
  })
  test.each(['X-HTTP-Method-Override: GET', 'X-Method-Override: GET', 'X-HTTP-Method: GET'])(
    '%s changes nothing',
    async (header) => {
      const answer = await send(get('/v2/data', header, 'Content-Length: 0').replace('GET', 'POST'))
      expect(statuses(answer)).toEqual([405])
      expect(world.upstream.hits).toEqual([])
    },
  )
  test('a preflight is answered by the gateway, with what clients send', async () => {
    const answer = await send(
      get(TARGET, 'Origin: http://page.test', 'Access-Control-Request-Method: GET').replace('GET', 'OPTIONS'),
    )
    expect(statuses(answer)).toEqual([204])
    for (const name of [
      'PAYMENT-SIGNATURE',
      'X-PAYMENT',
      'SIGN-IN-WITH-X',
      'Access-Control-Expose-Headers',
      'x-coinbase-402',
    ])
      expect(answer).toContain(name)
    expect(answer).toMatch(/access-control-expose-headers: .*PAYMENT-REQUIRED, PAYMENT-RESPONSE, X-PAYMENT-RESPONSE/i)
    expect(world.upstream.hits).toEqual([])
  })
})

describe('framing that two parsers could read differently is refused', () => {
  const post = (...lines: string[]) => ['POST /v2/chat HTTP/1.1', 'Host: farebox.test', ...lines].join('\r\n')
  test.each([
    [
      'length and chunked',
      post(
        'Content-Length: 6',
        'Transfer-Encoding: chunked',
        '',
        '0',
        '',
        'GET /v2/status HTTP/1.1',
        'Host: x',
        '',
        '',
      ),
    ],
    ['two lengths', post('Content-Length: 2', 'Content-Length: 3', '', 'ab')],
    ['chunked twice over', post('Transfer-Encoding: chunked, identity', '', '0', '', '')],
    ['a space before the colon', post('Content-Length : 2', '', 'ab')],
    ['a bare CR in a header', `GET ${TARGET} HTTP/1.1\r\nHost: x\rX: y\r\n\r\n`],
    ['a NUL in a header', `GET ${TARGET} HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n`],
    ['no host', `GET ${TARGET} HTTP/1.1\r\n\r\n`],
    ['a folded header', `GET ${TARGET} HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n`],
    ['two hosts', get(TARGET, 'Host: other.test')],
    ['another HTTP', get(TARGET).replace('HTTP/1.1', 'HTTP/1.9')],
    ['two types', get(TARGET, 'Content-Type: a/b', 'Content-Type: c/d')],
    ['a GET with a body on a free route', `${get('/v2/status', 'Content-Length: 2')}ab`],
    ['h2c', get(TARGET, 'Upgrade: h2c', 'Connection: Upgrade')],
    ['a tunnel', 'CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a WebSocket', get(TARGET, 'Upgrade: websocket', 'Connection: Upgrade')],
  ])('%s', async (_, bytes) => {
    const answer = await send(bytes)
    expect(statuses(answer)).toEqual([400])
    expect(world.upstream.hits).toEqual([])
  })
  test('a header block without end is cut off', async () => {
    expect(statuses(await send(get(TARGET, `X: ${'x'.repeat(40_000)}`)))).toEqual([431])
  })
  test('a GET with a body is refused when it pays', async () => {
    const { v2 } = await world.sign()
    const answer = await send(`${get(TARGET, 'Content-Length: 2', `PAYMENT-SIGNATURE: ${encode(v2)}`)}ab`)
    expect(statuses(answer)).toEqual([400])
    expect(answer).toContain('body_not_allowed')
    expect(world.upstream.hits).toEqual([])
  })
  test('an unread body is not taken for the next request', async () => {
    const inner = get('/v2/status')
    const answer = await send(`POST /v2/chat HTTP/1.1\r\nHost: x\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`)
    expect(statuses(answer)).toEqual([402])
    expect(world.upstream.hits).toEqual([])
  })
})

describe('a connection that is torn down', () => {
  const { hostname, port } = { hostname: '127.0.0.1', port: () => Number(new URL(world.gateway.url).port) }
  const tear = (bytes: string, afterMs: number) =>
    new Promise<void>((resolve) => {
      const socket = connect(port(), hostname, () => {
        socket.write(bytes)
        setTimeout(() => socket.resetAndDestroy(), afterMs)
      })
      socket.on('error', () => undefined)
      socket.on('close', () => resolve())
    })

  test.each([
    ['an upgrade', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
    ['a tunnel', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a request', get(TARGET)],
  ])('%s: the gateway goes on', async (_, bytes) => {
    for (const afterMs of [0, 1, 5, 20]) await tear(bytes, afterMs)
    expect(statuses(await send(get('/livez')))).toEqual([200])
  })

  test('a paid call that waited behind another on it is not lost', async () => {
    const { v2 } = await world.sign()
    world.upstream.behave(
      (hit, response) => void setTimeout(() => response.end(hit.target), hit.target === '/v2/status' ? 1_500 : 0),
    )
    const line = (target: string, ...headers: string[]) =>
      [`GET ${target} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n')
    await tear(line('/v2/status') + line(TARGET, `PAYMENT-SIGNATURE: ${encode(v2)}`), 400)
    world.upstream.behave(undefined)
    await expect.poll(async () => (await world.call(v2)).status, { timeout: 5_000 }).toBe(200)
  })
})

describe('headers that lie', () => {
  test('the upstream is told only what the gateway knows', async () => {
    const { v2 } = await world.sign()
    const lies = [
      'X-Farebox-Payer: 0xliar',
      'X_Farebox_Payer: 0xliar',
      'X-Payer: 0xliar',
      'X-Forwarded-For: 1.2.3.4',
      'Forwarded: for=1.2.3.4',
      'X-HTTP-Method-Override: DELETE',
      'Cookie: a=b',
      'Authorization: Bearer x',
      'If-None-Match: "x"',
      'Connection: close, X-Keep, Accept-Language',
      'Accept-Language: xx',
      'X-Keep: y',
    ]
    const answer = await send(get(TARGET, `PAYMENT-SIGNATURE: ${encode(v2)}`, ...lies))
    expect(statuses(answer)).toEqual([200])
    const [hit] = world.upstream.hits
    expect(Object.keys(hit?.headers ?? {}).sort()).toEqual([
      'connection',
      'host',
      'x-farebox-payer',
      'x-farebox-payment',
      'x-farebox-request-id',
    ])
    expect(hit?.headers['x-farebox-payer']).toBe(world.evm.accounts.payer.address)
    expect(hit?.target).toBe(TARGET)
  })
  test('the caller is told of payment by the gateway alone, and no cache keeps it', async () => {
    world.upstream.behave((_, response) => {
      const headers = {
        'content-type': 'text/plain',
        'payment-response': 'forged',
        'x-payment-response': 'forged',
        'payment-required': 'forged',
        'cache-control': 'public, max-age=3600',
        etag: '"x"',
        'x-internal': 'secret',
        'access-control-allow-origin': 'https://evil.test',
      }
      response.writeHead(200, headers).end('sold')
    })
    const { v2 } = await world.sign()
    const answer = await send(get(TARGET, `PAYMENT-SIGNATURE: ${encode(v2)}`))
    world.upstream.behave(undefined)
    expect(statuses(answer)).toEqual([200])
    expect(answer).not.toMatch(/forged|secret|evil|etag|max-age/i)
    expect(answer).toMatch(/cache-control: no-store/i)
  })
  test('several cookies of the upstream stay several', async () => {
    world.upstream.behave(
      (_, response) =>
        void response
          .writeHead(
            200,
            [
              ['set-cookie', 'a=1'],
              ['set-cookie', 'b=2'],
            ].flat(),
          )
          .end(),
    )
    const answer = await send(get('/v2/status'))
    world.upstream.behave(undefined)
    expect(answer.match(/set-cookie: /gi)).toHaveLength(2)
  })
  test('a Host that is none does not get into a quote', async () => {
    const answer = await send(get(TARGET).replace('farebox.test', 'evil.test/x?"y'))
    expect(answer).not.toContain('evil')
  })
})

describe('secrets', () => {
  test('no key, signature or payload is logged', async () => {
    const { v2 } = await world.sign()
    await world.call(v2)
    const forged = { ...v2, payload: { ...v2.payload, signature: `0x${'ee'.repeat(65)}` } }
    await world.call(forged)
    const logged = JSON.stringify(world.gateway.log.lines)
    expect(logged).toContain('/v2/data')
    for (const secret of [
      v2.payload.signature.slice(2),
      'ee'.repeat(65),
      encode(v2),
      world.evm.accounts.relayer.privateKey.slice(2),
    ])
      expect(logged).not.toContain(secret)
  })
  test('a query is not logged, and a line break cannot be', async () => {
    await send(get('/v2/data?symbol=BTC&token=canary%0d%0aInjected'))
    expect(JSON.stringify(world.gateway.log.lines)).not.toMatch(/canary|Injected/)
  })
})
