import { inject } from 'vitest'
import { openLmdb } from '../../src/adapters/store/lmdb/index.ts'
import { openRedis } from '../../src/adapters/store/redis/index.ts'
import { memoryLog } from '../support/log.ts'
import { memoryStore } from '../support/memory-store.ts'
import { scratch } from '../support/scratch.ts'
import { testStores } from './contract/index.ts'

testStores({
  memory: () => memoryStore({ now: Date.now }),
  lmdb: () => openLmdb(scratch()),
  redis: () => openRedis(inject('redisUrl'), memoryLog()),
})
