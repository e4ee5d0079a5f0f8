import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { freePort, type RedisServer, startRedis, startSentinel } from './redis-server.ts'

/** How the Sentinels call the primary. */
const MASTER = 'farebox'
const DEADLINE_MS = 20_000

/** A primary with a replica, watched by three Sentinels. */
export interface Replicated {
  readonly url: string
  readonly primary: RedisServer
  readonly replica: RedisServer
  readonly sentinels: readonly RedisServer[]
  stop(): Promise<void>
}

/** Three primaries with a third of the slots each, and as many replicas as are asked for. */
export interface RedisCluster {
  readonly url: string
  readonly nodes: readonly RedisServer[]
  readonly replicas: readonly RedisServer[]
  stop(): Promise<void>
}

/** Awaits what a server will say in time. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + DEADLINE_MS; Date.now() < end; await sleep(20))
    if (await holds().catch(() => false)) return
  throw new Error(`in vain: ${what}`)
}

/** One command to one server, on a connection of its own. */
export async function ask(server: Pick<RedisServer, 'url'>, command: string, ...args: (string | number)[]) {
  const redis = new Redis(server.url, { lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return await redis.call(command, ...args)
  } finally {
    redis.disconnect()
  }
}

export async function startReplicated(...settings: string[]): Promise<Replicated> {
  const primary = await startRedis(...settings)
  const replica = await startRedis('--replicaof', `127.0.0.1 ${primary.port}`, ...settings)
  await until('a replica that is up to date', async () =>
    String(await ask(primary, 'INFO', 'replication')).includes('state=online'),
  )
  const watch = [
    `sentinel monitor ${MASTER} 127.0.0.1 ${primary.port} 2`,
    `sentinel down-after-milliseconds ${MASTER} 500`,
    `sentinel failover-timeout ${MASTER} 3000`,
  ]
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(...watch)))
  await until('Sentinels that know each other and the replica', async () => {
    const seen = await Promise.all(sentinels.map((sentinel) => ask(sentinel, 'SENTINEL', 'MASTER', MASTER)))
    return seen.every((master) => /num-slaves,1,num-other-sentinels,2/.test(String(master)))
  })
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${MASTER}`,
    primary,
    replica,
    sentinels,
    stop: async () => void (await Promise.all([...sentinels, replica, primary].map((server) => server.stop()))),
  }
}

export async function startCluster({ replicas: wanted = 0 } = {}): Promise<RedisCluster> {
  const start = async () =>
    startRedis(
      ...['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())],
      ...['--cluster-node-timeout', '1000'],
    )
  const nodes = await Promise.all([1, 2, 3].map(start))
  const replicas = await Promise.all(Array.from({ length: wanted }, start))
  const all = [...nodes, ...replicas]
  const bounds = [0, 5_461, 10_923, 16_384]
  await Promise.all(
    nodes.map((node, i) => ask(node, 'CLUSTER', 'ADDSLOTSRANGE', bounds[i] as number, (bounds[i + 1] as number) - 1)),
  )
  for (const [i, node] of all.entries()) await ask(node, 'CLUSTER', 'SET-CONFIG-EPOCH', i + 1)
  for (const node of all.slice(1)) await meet(all[0] as RedisServer, node)
  const everywhere = (part: string) => async () =>
    (await Promise.all(all.map((node) => ask(node, 'CLUSTER', 'INFO')))).every((info) => String(info).includes(part))
  await until('a Cluster that is whole', everywhere('cluster_state:ok'))
  await until('nodes that know each other', everywhere(`cluster_known_nodes:${all.length}`))
  for (const [i, replica] of replicas.entries()) {
    const primary = nodes[i % nodes.length] as RedisServer
    await ask(replica, 'CLUSTER', 'REPLICATE', String(await ask(primary, 'CLUSTER', 'MYID')))
    await until('a replica that is up to date', async () =>
      String(await ask(primary, 'INFO', 'replication')).includes('state=online'),
    )
  }
  return {
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    nodes,
    replicas,
    stop: async () => void (await Promise.all(all.map((node) => node.stop()))),
  }
}

/** Nodes find each other's bus by the port that each has configured for it. */
async function meet(one: RedisServer, other: RedisServer): Promise<void> {
  const [, bus] = (await ask(other, 'CONFIG', 'GET', 'cluster-port')) as [string, string]
  await ask(one, 'CLUSTER', 'MEET', '127.0.0.1', other.port, Number(bus))
}
