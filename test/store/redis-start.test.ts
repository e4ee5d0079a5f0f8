import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openRedis } from '../../src/adapters/store/redis/index.ts'
import { memoryLog } from '../support/log.ts'
import { freePort, type RedisServer, startRedis } from '../support/redis-server.ts'
import { ask, type RedisCluster, startCluster, until } from '../support/redis-topology.ts'

const EVICTS = 'Redis evicts keys (maxmemory-policy allkeys-lru): set maxmemory-policy noeviction'

async function server(...settings: string[]): Promise<RedisServer> {
  const started = await startRedis(...settings)
  onTestFinished(() => started.stop())
  return started
}

async function replicaOf(primary: RedisServer, ...settings: string[]): Promise<RedisServer> {
  const replica = await server('--replicaof', `127.0.0.1 ${primary.port}`, ...settings)
  await until('a replica that is up to date', async () =>
    String(await ask(primary, 'INFO', 'replication')).includes('state=online'),
  )
  return replica
}

describe('a Redis that is opened', () => {
  test('and keeps its records is opened without a word', async () => {
    const log = memoryLog()
    const store = await openRedis((await server()).url, log)
    onTestFinished(() => store.close())
    await store.ping()
    expect(log.lines).toEqual([])
  })

  test.each(['allkeys-lru', 'volatile-ttl'])('and evicts by %s is refused', async (policy) => {
    const { url } = await server('--maxmemory-policy', policy)
    await expect(openRedis(url, memoryLog())).rejects.toThrow(`(maxmemory-policy ${policy})`)
  })

  test('and has a replica that evicts is refused: it may be the next primary', async () => {
    const primary = await server()
    await replicaOf(primary, '--maxmemory-policy', 'allkeys-lru')
    await expect(openRedis(primary.url, memoryLog())).rejects.toThrow(EVICTS)
  })

  test('and keeps no append-only file is warned of in one line that names the setting', async () => {
    const log = memoryLog()
    const { url, port } = await server('--appendonly', 'no')
    const store = await openRedis(url, log)
    onTestFinished(() => store.close())
    expect(log.lines).toEqual([
      {
        level: 'warn',
        event: 'Redis keeps no append-only file: payments are forgotten at a crash; set appendonly yes',
        fields: { setting: 'appendonly yes', server: `127.0.0.1:${port}` },
      },
    ])
  })

  test('and is a replica is refused', async () => {
    const replica = await replicaOf(await server())
    await expect(openRedis(replica.url, memoryLog())).rejects.toThrow('is a replica')
  })

  test('and wants a password is refused without one, and opened with it', async () => {
    const { port } = await server('--requirepass', 's3cret')
    await expect(openRedis(`redis://127.0.0.1:${port}`, memoryLog())).rejects.toMatchObject({
      name: 'StoreUnavailable',
    })
    const store = await openRedis(`redis://:s3cret@127.0.0.1:${port}/3`, memoryLog())
    await store.ping()
    await store.close()
  })

  test('and is not there is unavailable', async () => {
    const nowhere = `127.0.0.1:${await freePort()}`
    for (const url of [`redis://${nowhere}`, `redis+sentinel://${nowhere}/main`, `redis+cluster://${nowhere}`])
      await expect(openRedis(url, memoryLog()), url).rejects.toMatchObject({ name: 'StoreUnavailable' })
  })

  test('and belongs to no Cluster is not taken for one', async () => {
    const { port } = await server()
    await expect(openRedis(`redis+cluster://127.0.0.1:${port}`, memoryLog())).rejects.toThrow('belongs to no Cluster')
  })
})

describe('a Cluster that is opened', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startCluster()
  })
  afterAll(() => cluster.stop())

  test('as if it were a single server is refused', async () => {
    await expect(openRedis(cluster.nodes[0]?.url ?? '', memoryLog())).rejects.toThrow('belongs to a Cluster')
  })

  test('is refused for one node that evicts, and warned of one without an append-only file', async () => {
    const third = cluster.nodes[2] as RedisServer
    await ask(third, 'CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    await expect(openRedis(cluster.url, memoryLog())).rejects.toThrow(EVICTS)
    await ask(third, 'CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    await ask(third, 'CONFIG', 'SET', 'appendonly', 'no')
    const log = memoryLog()
    const store = await openRedis(cluster.url, log)
    await store.close()
    expect(log.lines.map(({ fields }) => fields)).toEqual([
      { setting: 'appendonly yes', server: `127.0.0.1:${third.port}` },
    ])
  })
})
