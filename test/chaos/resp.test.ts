import { Redis } from 'ioredis'
import { describe, expect, inject, test } from 'vitest'
import { redisProxy } from './proxy-redis.ts'
import { respFramer, respLabel } from './resp.ts'
import { createTap } from './tap.ts'

const VALUES = [
  '+OK\r\n',
  '-ERR no\r\n',
  ':12\r\n',
  '$-1\r\n',
  '$0\r\n\r\n',
  '$6\r\na\r\nb\r\n\r\n',
  '*0\r\n',
  '*-1\r\n',
  '*2\r\n$1\r\na\r\n*1\r\n:1\r\n',
  '_\r\n',
  '#t\r\n',
  ',1.5\r\n',
  '(123456789012345678901\r\n',
  '!5\r\nERR x\r\n',
  '=7\r\ntxt:abc\r\n',
  '%1\r\n+key\r\n*1\r\n$1\r\nv\r\n',
  '~1\r\n:1\r\n',
  '>2\r\n+message\r\n+x\r\n',
  '|1\r\n+ttl\r\n:1\r\n:7\r\n',
]

describe('messages of the Redis protocol', () => {
  test.each([1, 2, 3, 7, 1_000])('come out whole from pieces of %i bytes', (size) => {
    const bytes = Buffer.from(VALUES.join(''))
    const frames = respFramer()
    const messages: string[] = []
    for (let from = 0; from < bytes.length; from += size)
      for (const message of frames(bytes.subarray(from, from + size))) messages.push(message.toString())
    expect(messages).toEqual(VALUES)
  })

  test('a command is named by its word, a reply by its kind', () => {
    expect(respLabel(Buffer.from('*2\r\n$3\r\nGET\r\n$1\r\na\r\n'))).toBe('GET')
    expect(respLabel(Buffer.from('$1\r\na\r\n'))).toBe('$1'.slice(0, 1))
  })
})

describe('between a client and a real Redis', () => {
  const open = async (kill: () => Promise<void> = async () => undefined) => {
    const tap = createTap(kill, () => 0)
    const proxy = await redisProxy(inject('redisUrl'), tap)
    const client = new Redis(proxy.url, { maxRetriesPerRequest: 0, retryStrategy: () => null })
    client.on('error', () => undefined)
    const direct = new Redis(inject('redisUrl'))
    await client.ping()
    const close = async () => {
      client.disconnect()
      direct.disconnect()
      await proxy.stop()
    }
    return { tap, client, direct, close }
  }

  test('each command and each reply is one message, also in a pipeline', async () => {
    const { tap, client, close } = await open()
    tap.arm()
    const key = `chaos:${crypto.randomUUID()}`
    await client.pipeline().set(key, 'x'.repeat(100_000)).get(key).del(key).exec()
    const { messages } = tap.disarm()
    expect(messages.filter(({ direction }) => direction === 'out').map(({ label }) => label.toUpperCase())).toEqual([
      'SET',
      'GET',
      'DEL',
    ])
    expect(messages.filter(({ direction }) => direction === 'in').map(({ n }) => n)).toEqual([1, 2, 3])
    await close()
  })

  test.each([
    { when: 'before', held: null },
    { when: 'after', held: '2' },
  ] as const)('dead $when its second command: Redis holds $held', async ({ when, held }) => {
    const key = `chaos:${crypto.randomUUID()}`
    const { tap, client, direct, close } = await open(async () => client.disconnect())
    tap.arm({ link: 'store', direction: 'out', n: 2, when })
    await client.set(`${key}:1`, '1')
    await client.set(`${key}:2`, '2').catch(() => undefined)
    await expect.poll(() => direct.get(`${key}:2`)).toBe(held)
    expect(await direct.get(`${key}:1`)).toBe('1')
    expect(tap.disarm().hit).toMatchObject({ link: 'store', direction: 'out', n: 2 })
    await close()
  })
})
