import type { Log } from '../../../ports/log.ts'
import { StoreUnavailable } from '../../../ports/store.ts'
import { linkTo, toHost } from './connect.ts'
import { PAYMENT_TAGS, type Tag } from './keys.ts'
import { asking, type Link, Redirected } from './link.ts'
import type { Marks } from './marks.ts'
import { openPrimary, type Primary } from './primary.ts'
import { slotOf } from './slot.ts'
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

const MOST_REDIRECTIONS = 5
const LOOK_EVERY_MS = 1_000

/** Which primary holds which slots (CLUSTER SLOTS). */
type Ranges = readonly { readonly first: number; readonly last: number; readonly address: string }[]

/**
 * The primaries of a Cluster, and which slot lies on which of them.
 *
 * Each has a link of its own, so that WAIT and the marker are asked of the server that ran the script.
 */
export async function openCluster(target: RedisTarget, marks: Marks, log: Log): Promise<Servers> {
  const primaries = new Map<string, Promise<Primary>>()
  let ranges: Ranges = []

  const addressOf = (tag: Tag): string | undefined => {
    const slot = slotOf(tag)
    return ranges.find(({ first, last }) => first <= slot && slot <= last)?.address
  }
  const holder = (tag: Tag): string => {
    const address = addressOf(tag)
    if (address === undefined) throw new StoreUnavailable(`no node of the Cluster holds the slot of {${tag}}`)
    return address
  }
  const tagsAt = (address: string) => PAYMENT_TAGS.filter((tag) => addressOf(tag) === address)
  const primaryAt = (address: string): Promise<Primary> => {
    const known = primaries.get(address)
    if (known) return known
    const opening = openPrimary({
      connect: () => linkTo(toHost(target, hostOf(address)), target, log),
      inspect: (link) => marks.inspect(tagsAt(address), link),
      log,
    })
    primaries.set(address, opening)
    opening.catch(() => primaries.delete(address))
    return opening
  }
  const linkAt = async (address: string): Promise<Link> => (await primaryAt(address)).link()

  /** Reads the map from the first node that gives one; opens those that are new in it and closes those that left it. */
  const refresh = async (): Promise<void> => {
    ranges = await readRanges(target, [...primaries.values()], log)
    const addresses = new Set(ranges.map(({ address }) => address))
    for (const [address, opening] of primaries) {
      if (addresses.has(address)) continue
      primaries.delete(address)
      opening.then((primary) => primary.close()).catch(() => undefined)
    }
    await Promise.all([...addresses].map(primaryAt))
  }

  const close = () => {
    clearInterval(timer)
    for (const opening of primaries.values()) opening.then((primary) => primary.close()).catch(() => undefined)
  }
  const timer = setInterval(() => void refresh().catch(() => undefined), LOOK_EVERY_MS)
  timer.unref()
  try {
    await refresh()
    for (const tag of PAYMENT_TAGS) holder(tag)
  } catch (error) {
    close()
    throw error
  }

  return {
    async on(tag, work) {
      let link = await linkAt(holder(tag))
      for (let redirections = 0; ; redirections++) {
        try {
          return await work(link)
        } catch (error) {
          if (!(error instanceof Redirected)) throw error
          if (redirections === MOST_REDIRECTIONS) throw new StoreUnavailable(error.message)
          const there = await linkAt(error.address)
          link = error.kind === 'ASK' ? asking(there) : there
          if (error.kind === 'MOVED') void refresh().catch(() => undefined)
        }
      }
    },
    async onEach(work) {
      const addresses = new Set(ranges.map(({ address }) => address))
      await Promise.all([...addresses].map(async (address) => work(await linkAt(address), tagsAt(address))))
    },
    close,
  }
}

async function readRanges(target: RedisTarget, open: readonly Promise<Primary>[], log: Log): Promise<Ranges> {
  for (const primary of open) {
    try {
      return await askRanges((await primary).link())
    } catch {}
  }
  let reason: Error = new StoreUnavailable('no node of the Cluster answers')
  for (const host of target.hosts) {
    const redis = toHost(target, host)
    let link: Link | undefined
    try {
      link = await linkTo(redis, target, { ...log, warn: () => undefined })
      return await askRanges(link)
    } catch (error) {
      reason = error as Error
    } finally {
      link?.end()
    }
  }
  throw reason
}

/** A node that does not know its own address leaves it out: it is where it was asked. */
async function askRanges(link: Link): Promise<Ranges> {
  const answer = (await link.send('CLUSTER', 'SLOTS')) as [number, number, [Buffer | null, number, ...unknown[]]][]
  return answer.map(([first, last, [host, port]]) => ({
    first,
    last,
    address: `${host?.length ? host : hostOf(link.address).host}:${port}`,
  }))
}

function hostOf(address: string): Host {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }
}
