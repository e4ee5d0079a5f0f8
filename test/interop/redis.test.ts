import { describe, inject } from 'vitest'
import { purchases } from './purchases.ts'

describe('published clients buy through a gateway on Redis', () => {
  purchases('Redis', () => inject('redisUrl'))
})
