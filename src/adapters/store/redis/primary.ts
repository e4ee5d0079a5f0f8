import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../../../ports/log.ts'
import { StoreUnavailable } from '../../../ports/store.ts'
import type { Link } from './link.ts'

/** How often a primary is looked at: its role, its history, its replicas, its markers. */
const LOOK_EVERY_MS = 1_000
const RETRY_MS = { first: 50, most: 1_000 }

/** A primary, by one inspected link at a time. */
export interface Primary {
  /** @throws StoreUnavailable while there is none */
  link(): Link
  close(): void
}

export interface PrimaryParts {
  connect(): Promise<Link>
  /** Called before a new link is given out, and each second while it stands; a failure ends the link. */
  inspect(link: Link): Promise<void>
  readonly log: Log
}

/**
 * Opens the first link, and a new one whenever that ends.
 *
 * @throws StoreUnavailable when the first cannot be opened
 */
export async function openPrimary({ connect, inspect, log }: PrimaryParts): Promise<Primary> {
  const closed = new AbortController()
  let current: Link | undefined

  const open = async (): Promise<Link> => {
    const link = await connect()
    try {
      await inspect(link)
    } catch (error) {
      link.end()
      throw error
    }
    if (closed.signal.aborted) link.end()
    return link
  }
  const watch = async (link: Link): Promise<void> => {
    const timer = setInterval(
      () =>
        void link
          .look()
          .then(() => inspect(link))
          .catch(link.end),
      LOOK_EVERY_MS,
    )
    timer.unref()
    await link.ended
    clearInterval(timer)
  }
  const again = async (): Promise<Link | undefined> => {
    for (let wait = RETRY_MS.first; !closed.signal.aborted; wait = Math.min(wait * 2, RETRY_MS.most)) {
      await sleep(wait, undefined, { ref: false, signal: closed.signal }).catch(() => undefined)
      const link = closed.signal.aborted ? undefined : await open().catch((error: Error) => void report(error))
      if (link) return link
    }
    return undefined
  }
  let reported = ''
  const report = ({ message }: Error) => {
    if (message !== reported) log.warn({ error: message }, 'store connection')
    reported = message
  }
  const keep = async (first: Link): Promise<void> => {
    for (let link: Link | undefined = first; link; link = await again()) {
      current = link
      await watch(link)
      current = undefined
      if (!closed.signal.aborted) log.warn({ server: link.address }, 'store connection lost')
    }
  }

  void keep(await open())
  return {
    link() {
      if (!current) throw new StoreUnavailable('no connection to the primary')
      return current
    },
    close() {
      closed.abort()
      current?.end()
    },
  }
}
