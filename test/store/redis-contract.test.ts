import { afterAll } from 'vitest'
import { openRedis } from '../../src/adapters/store/redis/index.ts'
import { memoryLog } from '../support/log.ts'
import { startCluster, startReplicated } from '../support/redis-topology.ts'
import { testStores } from './contract/index.ts'

const started: { stop(): Promise<void> }[] = []
afterAll(async () => void (await Promise.all(started.map((servers) => servers.stop()))))

async function openWith(servers: { readonly url: string; stop(): Promise<void> }) {
  started.push(servers)
  return openRedis(servers.url, memoryLog())
}

testStores({
  'the primary of Sentinels': async () => openWith(await startReplicated()),
  'a Redis Cluster': async () => openWith(await startCluster()),
})
