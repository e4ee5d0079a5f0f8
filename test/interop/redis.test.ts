import { afterAll, beforeAll, describe } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { purchases } from './purchases.ts'

describe('published clients buy through a gateway on Redis', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())
  purchases('Redis', () => redis.url)
})
