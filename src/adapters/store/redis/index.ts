import { randomUUID } from 'node:crypto'
import type { FencingToken, PaymentKey } from '../../../domain/ids.ts'
import type { ClaimResult, PaymentState } from '../../../domain/record.ts'
import type { Log } from '../../../ports/log.ts'
import { type Store, StoreUnavailable } from '../../../ports/store.ts'
import { claimCall, grantCall, moveCall } from './calls.ts'
import type { Servers } from './cluster.ts'
import { keyIn, PAYMENT_TAGS, type Tag, tagOf } from './keys.ts'
import { redisLanes } from './lanes.ts'
import { readLedger } from './ledger.ts'
import type { Argument, Link } from './link.ts'
import { type Marks, openMarks } from './marks.ts'
import { type Reply, readClaim, readRecord } from './replies.ts'
import type { ScriptName } from './scripts.ts'
import { openServers } from './servers.ts'
import { parseRedisUrl } from './url.ts'

/**
 * Opens a Redis store: a single server, the primary of Sentinels, or a Cluster (see parseRedisUrl). Each step is one script
 * on the slot of its payer.
 *
 * @throws BadRedisUrl
 * @throws StoreUnavailable when Redis does not answer, or when it would evict records (threats T9)
 */
export async function openRedis(url: string, log: Log): Promise<Store> {
  const marks = openMarks()
  const servers = await openServers(parseRedisUrl(url), marks, log)
  return redisStore(servers, marks)
}

/**
 * After a move to one of these something leaves that cannot be taken back: a transaction, a call of the upstream, a byte of the
 * response, a refund. What was written down for it must outlive the primary.
 */
const IRREVOCABLE: readonly PaymentState[] = ['settling', 'delivering', 'refunding']

function redisStore(servers: Servers, marks: Marks): Store {
  const run = (key: PaymentKey, script: ScriptName, tables: readonly string[], args: readonly Argument[]) => {
    const tag = tagOf(key)
    return servers.on(tag, (link) => link.run(script, keysOf(tag, key, tables), [key, ...args]))
  }
  const everywhere = async <T>(script: ScriptName, table: string, args: readonly Argument[]): Promise<T[]> => {
    const ask = (tag: Tag) =>
      servers.on(tag, (link) => link.run(script, [keyIn(tag, 'marker'), keyIn(tag, table)], args))
    return (await Promise.all(PAYMENT_TAGS.map(ask))).flat() as T[]
  }
  const release = async (key: PaymentKey, token: FencingToken) => (await run(key, 'release', ['due'], [token])) === 1

  return {
    kind: 'redis',
    lanes: redisLanes(servers),
    epoch: () => marks.epoch(),
    async read(key) {
      const tag = tagOf(key)
      return readRecord((await servers.on(tag, (link) => link.send('HGETALL', keyIn(tag, 'payment', key)))) as Reply)
    },
    async claim(claim, lease) {
      const token = randomUUID() as FencingToken
      const tag = tagOf(claim.key)
      const { keys, args } = claimCall(claim, token, lease)
      const attempt = async (link: Link): Promise<ClaimResult | 'forgotten'> => {
        const marker = await marks.expect(tag, link)
        const reply = await link.run('claim', keys, [marker, ...args])
        const result = readClaim(reply as Reply, token)
        if (result !== 'forgotten' && 'token' in result) await link.replicated()
        return result
      }
      const result = await servers.on(tag, attempt).catch((error) => {
        // What came of it is not known, and nothing was sent for it: nobody should have to wait for the lease to end.
        release(claim.key, token).catch(() => undefined)
        throw error
      })
      if (result !== 'forgotten') return result
      await servers.onEach((link, tags) => marks.refresh(tags, link))
      throw new StoreUnavailable('the store was emptied: what it knew of earlier payments is lost')
    },
    async move(key, token, move) {
      const tag = tagOf(key)
      const { keys, args } = moveCall(key, token, move)
      return servers.on(tag, async (link) => {
        const moved = (await link.run('move', keys, args)) === 1
        if (moved && IRREVOCABLE.includes(move.to)) await link.replicated()
        return moved
      })
    },
    renew: async (key, token, lease) => (await run(key, 'renew', [], [token, lease])) === 1,
    release,
    async due(limit) {
      const found = await everywhere<Buffer>('due', 'due', [limit])
      const payments: { key: PaymentKey; at: number }[] = []
      for (let i = 0; i + 1 < found.length; i += 2)
        payments.push({ key: String(found[i]) as PaymentKey, at: Number(found[i + 1]) })
      return payments
        .sort((a, b) => a.at - b.at)
        .slice(0, limit)
        .map(({ key }) => key)
    },
    async takeOver(key, lease) {
      const token = randomUUID() as FencingToken
      const record = readRecord((await run(key, 'takeOver', ['due'], [token, lease])) as Reply)
      return record && { token, record }
    },
    async credits() {
      const found = await everywhere<Reply>('credits', 'credits', [])
      return found.flatMap(([key, ...flat]) => {
        const record = readRecord(flat)
        return record ? [{ ...record, key: String(key) as PaymentKey }] : []
      })
    },
    async grant(grant) {
      const { keys, args } = grantCall(grant)
      return servers.on(tagOf(grant.key), async (link) => (await link.run('grant', keys, args)) === 1)
    },
    ledger: (since, until) => readLedger(servers, since, until),
    async ping() {
      // A write: a server that is full, or read-only, is not one that can take a claim.
      await servers.onEach(async (link, [tag]) => {
        if (tag !== undefined) await link.send('SET', keyIn(tag, 'ping'), '', 'PX', 1_000)
      })
    },
    close: async () => servers.close(),
  }
}

/** What a script of one payment may touch, its marker and record first. */
function keysOf(tag: Tag, key: PaymentKey, tables: readonly string[]): string[] {
  return [keyIn(tag, 'marker'), keyIn(tag, 'payment', key), ...tables.map((table) => keyIn(tag, table))]
}
