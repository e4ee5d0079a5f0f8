import { setTimeout as sleep } from 'node:timers/promises'

/** The gateway's connections to its surroundings. */
export const LINKS = ['store', 'base', 'solana', 'upstream', 'client'] as const
export type Link = (typeof LINKS)[number]
/** `out`: the gateway says it; `in`: it is told. */
export type Direction = 'out' | 'in'

/** One message, by which it can be met again: the n-th of its link and direction since the tap was armed. */
export interface Message {
  readonly link: Link
  readonly direction: Direction
  readonly n: number
  readonly label: string
}

/** Die at a message: before it is passed on (it is lost then), or once it was. */
export interface KillPoint extends Omit<Message, 'label'> {
  readonly when: 'before' | 'after'
}

/**
 * Every message between the gateway and the rest passes here, is counted, and one of them is the last thing that the gateway
 * says or hears.
 */
export interface Tap {
  /** Counts from 1 again, and waits for a kill point; without one it only counts. */
  arm(point?: KillPoint): void
  /** Stops counting. Gives what was counted, and at which message the gateway was killed. */
  disarm(): Counted
  /**
   * Passes a message on, or kills.
   *
   * @returns true when this was the kill point: nothing more may be passed on of this connection
   */
  carry(link: Link, direction: Direction, label: string, forward: () => Promise<void>): Promise<boolean>
  /** Resolves when no kill is under way. */
  idle(): Promise<void>
}

export interface Counted {
  readonly messages: readonly Message[]
  readonly hit: Message | undefined
}

/** How long a gateway may still work on the last thing it was told. */
const MAX_LAST_MS = 4

/**
 * @param kill resolves when the gateway is dead
 * @param lastMs how long it lives on after it was told something for the last time
 */
export function createTap(kill: () => Promise<void>, lastMs: () => number = () => Math.random() * MAX_LAST_MS): Tap {
  let armed = false
  let point: KillPoint | undefined
  let messages: Message[] = []
  let hit: Message | undefined
  let dying = Promise.resolve()
  const counts = new Map<string, number>()
  return {
    arm(next) {
      armed = true
      point = next
      messages = []
      hit = undefined
      counts.clear()
    },
    disarm() {
      armed = false
      point = undefined
      return { messages, hit }
    },
    async carry(link, direction, label, forward) {
      if (!armed) {
        await forward()
        return false
      }
      const counter = `${link} ${direction}`
      const n = (counts.get(counter) ?? 0) + 1
      counts.set(counter, n)
      const message = { link, direction, n, label }
      messages.push(message)
      if (!point || point.link !== link || point.direction !== direction || point.n !== n) {
        await forward()
        return false
      }
      const at = point
      point = undefined
      hit = message
      const die = dieAt(at, forward)
      dying = die.catch(() => undefined)
      await die
      return true
    },
    idle: () => dying,
  }

  async function dieAt({ direction, when }: KillPoint, forward: () => Promise<void>): Promise<void> {
    if (when === 'before') return kill()
    // What it said is passed on when it is dead already, so that "after" means nothing but this message.
    if (direction === 'out') {
      await kill()
      return forward()
    }
    await forward()
    await sleep(lastMs())
    await kill()
  }
}
