import { describe, expect, test } from 'vitest'
import { BadRedisUrl, parseRedisUrl } from '../../src/adapters/store/redis/url.ts'

const plain = { tls: false, username: undefined, password: undefined, master: undefined, db: 0 }

describe('REDIS_URL', () => {
  test.each([
    ['redis://store', { ...plain, kind: 'single', hosts: [{ host: 'store', port: 6_379 }] }],
    [
      'rediss://me:p%40ss@store:7000/2',
      {
        ...plain,
        kind: 'single',
        tls: true,
        username: 'me',
        password: 'p@ss',
        db: 2,
        hosts: [{ host: 'store', port: 7_000 }],
      },
    ],
    [
      'redis://:secret@[::1]:7000',
      { ...plain, kind: 'single', password: 'secret', hosts: [{ host: '::1', port: 7_000 }] },
    ],
    [
      'redis+sentinel://:secret@one,two:5000/main/3',
      {
        ...plain,
        kind: 'sentinel',
        password: 'secret',
        master: 'main',
        db: 3,
        hosts: [
          { host: 'one', port: 26_379 },
          { host: 'two', port: 5_000 },
        ],
      },
    ],
    [
      'rediss+cluster://one:7000,two',
      {
        ...plain,
        kind: 'cluster',
        tls: true,
        hosts: [
          { host: 'one', port: 7_000 },
          { host: 'two', port: 6_379 },
        ],
      },
    ],
  ])('%s is understood', (url, target) => {
    expect(parseRedisUrl(url)).toEqual(target)
  })

  test.each([
    ['http://store:6379', 'it must be redis://host:port'],
    ['redis://', 'it must be redis://host:port'],
    ['redis://store?db=1', 'it must be redis://host:port'],
    ['redis://store:0', 'a host must be name:port'],
    ['redis://store:70000', 'a host must be name:port'],
    ['redis://one,two', 'it names several hosts'],
    ['redis://store/two', 'after the hosts only the number of a database'],
    ['redis+sentinel://one,two', 'the name of the primary is missing'],
    ['redis+cluster://one/1', 'a Cluster has no numbered databases'],
    ['redis://:%zz-hidden@store', 'user, password and name must be percent-encoded'],
    ['redis://me:hidden@@store', 'it must be redis://host:port'],
  ])('%s is refused, and its password kept out of the message', (url, why) => {
    expect(() => parseRedisUrl(url)).toThrow(BadRedisUrl)
    expect(() => parseRedisUrl(url)).toThrow(`REDIS_URL cannot be used: ${why}`)
    expect(() => parseRedisUrl(url)).not.toThrow('hidden')
  })
})
