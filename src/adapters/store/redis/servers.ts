import type { Log } from '../../../ports/log.ts'
import { openCluster } from './cluster.ts'
import { inspectReplicas, linkTo, toHost, toSentinels } from './connect.ts'
import { PAYMENT_TAGS, type Tag } from './keys.ts'
import type { Link } from './link.ts'
import type { Marks } from './marks.ts'
import { openPrimary } from './primary.ts'
import type { Host, RedisTarget } from './url.ts'

/** The servers of a store, of which each hash tag has one primary. */
export interface Servers {
  /**
   * Runs work on the primary that holds a tag. It is run once more, on another one, only when it was told that the slot lies
   * there, before it had any effect.
   *
   * @throws StoreUnavailable
   */
  on<T>(tag: Tag, work: (link: Link) => Promise<T>): Promise<T>
  /** Runs work on every primary, with the tags of payers that it holds. */
  onEach(work: (link: Link, tags: readonly Tag[]) => Promise<void>): Promise<void>
  close(): void
}

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
