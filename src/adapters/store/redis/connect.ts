import { Redis, type RedisOptions } from 'ioredis'
import type { Log } from '../../../ports/log.ts'
import { StoreUnavailable } from '../../../ports/store.ts'
import { ANSWER_TIMEOUT_MS, inTime } from './in-time.ts'
import { infoValue, readReplication, refuseForgetful, replicasIn } from './info.ts'
import { type Link, openLink } from './link.ts'
import type { Host, RedisTarget } from './url.ts'

/** The connection's options: nothing is queued for a server that is gone, nothing is sent twice, nobody reconnects unseen. */
function optionsFor({ tls, username, password, db }: RedisTarget) {
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => null,
    connectTimeout: ANSWER_TIMEOUT_MS,
    disconnectTimeout: ANSWER_TIMEOUT_MS,
    protocol: 2,
    db,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
  } satisfies RedisOptions
}

/** Connects to one server. */
export function toHost(target: RedisTarget, { host, port }: Host): Redis {
  return new Redis({ ...optionsFor(target), host, port })
}

/** Connects to the primary that the Sentinels name; ends when they name another. */
export function toSentinels(target: RedisTarget): Redis {
  return new Redis({
    ...optionsFor(target),
    sentinels: [...target.hosts],
    name: target.master as string,
    role: 'master',
    failoverDetector: true,
    sentinelRetryStrategy: () => null,
    sentinelReconnectStrategy: () => 1_000,
    sentinelCommandTimeout: ANSWER_TIMEOUT_MS,
    ...(target.tls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
  })
}

/**
 * A link to a primary that was inspected first.
 *
 * @throws StoreUnavailable when it cannot be reached, is no primary, or would forget records
 */
export async function linkTo(redis: Redis, target: RedisTarget, log: Log): Promise<Link> {
  let reason: Error | undefined
  redis.on('error', (error: Error) => {
    reason = error
  })
  try {
    await inTime(redis.connect())
    const info = await inTime(redis.info())
    const address = addressOf(redis)
    if (readReplication(info).role !== 'master')
      throw new StoreUnavailable(`Redis at ${address} is a replica: REDIS_URL must lead to the primary`)
    if ((infoValue(info, 'cluster_enabled') === '1') !== (target.kind === 'cluster'))
      throw new StoreUnavailable(
        target.kind === 'cluster'
          ? `Redis at ${address} belongs to no Cluster: say redis:// or redis+sentinel://`
          : `Redis at ${address} belongs to a Cluster: say redis+cluster://`,
      )
    refuseForgetful(info, address, log)
    return openLink(redis, address, info)
  } catch (error) {
    redis.disconnect()
    throw error instanceof StoreUnavailable ? error : new StoreUnavailable((reason ?? (error as Error)).message)
  }
}

/** Inspects the replicas of a primary, any of which may be the next: those that can be seen from here. */
export async function inspectReplicas(link: Link, target: RedisTarget, log: Log): Promise<void> {
  const info = String(await link.send('INFO', 'replication'))
  const inspect = async (replica: Host): Promise<void> => {
    const redis = toHost(target, replica)
    redis.on('error', () => undefined)
    const address = `${replica.host}:${replica.port}`
    try {
      await inTime(redis.connect())
      refuseForgetful(await inTime(redis.info()), address, log)
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error
      log.warn({ server: address }, 'a Redis replica cannot be inspected from here')
    } finally {
      redis.disconnect()
    }
  }
  await Promise.all(replicasIn(info).map(inspect))
}

function addressOf({ stream, options }: Redis): string {
  const { remoteAddress = options.host, remotePort = options.port } = stream as {
    remoteAddress?: string
    remotePort?: number
  }
  return `${remoteAddress}:${remotePort}`
}
