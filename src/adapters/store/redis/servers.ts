import type { Log } from '../../../ports/log.ts'
import { openCluster, type Servers } from './cluster.ts'
import { inspectReplicas, linkTo, toHost, toSentinels } from './connect.ts'
import { PAYMENT_TAGS } from './keys.ts'
import type { Marks } from './marks.ts'
import { openPrimary } from './primary.ts'
import type { Host, RedisTarget } from './url.ts'

/** @throws StoreUnavailable, when a primary cannot be reached or a server forgets */
export async function openServers(target: RedisTarget, marks: Marks, log: Log): Promise<Servers> {
  const servers = target.kind === 'cluster' ? await openCluster(target, marks, log) : await openOne(target, marks, log)
  try {
    await servers.onEach((link) => inspectReplicas(link, target, log))
  } catch (error) {
    servers.close()
    throw error
  }
  return servers
}

/** One server, or the primary that Sentinels name. */
async function openOne(target: RedisTarget, marks: Marks, log: Log): Promise<Servers> {
  const connect = () => (target.kind === 'sentinel' ? toSentinels(target) : toHost(target, target.hosts[0] as Host))
  const primary = await openPrimary({
    connect: () => linkTo(connect(), target, log),
    inspect: (link) => marks.inspect(PAYMENT_TAGS, link),
    log,
  })
  return {
    on: async (_, work) => work(primary.link()),
    onEach: async (work) => work(primary.link(), PAYMENT_TAGS),
    close: () => primary.close(),
  }
}
