/** How many transactions of one relayer may be unmined at once: nodes drop long queues of one sender. */
const MAX_IN_FLIGHT = 16
/** How many may wait for a place; more would wait longer than their authorizations live. */
const MAX_WAITING = 1_000

/** The lane has as many waiting as it takes. */
export class LaneFull extends Error {
  override readonly name = 'LaneFull'
}

/** The nonces of one relayer, handed out in order, a bounded number of them at a time. */
export interface Lane {
  /**
   * Waits for a place among the transactions in flight, then takes the next nonce.
   *
   * @throws LaneFull; and what `next` throws
   */
  take(): Promise<number>
  /** The nonce is used up, by whatever transaction; its place is free. */
  done(nonce: number): void
  /** The nonce was not used. True when it will be handed out again; false when later ones are out already, and it is a gap that has to be filled. */
  giveBack(nonce: number): boolean
  /** Forgets what was counted. For when the node says that ours is not the next. */
  resync(): void
}

/** @param next asks the node for the relayer's next nonce, pending transactions counted */
export function openLane(next: () => Promise<number>): Lane {
  let counter: number | undefined
  let asking: Promise<void> | undefined
  let places = 0
  const inFlight = new Set<number>()
  const waiting: (() => void)[] = []

  const ask = async () => {
    const found = await next()
    // What is in flight is ours, whether the node knows of it already or not.
    counter = Math.max(found, ...[...inFlight].map((nonce) => nonce + 1))
  }
  const release = () => {
    const first = waiting.shift()
    // The place passes straight on to the first in the queue.
    if (first) first()
    else places--
  }
  const done = (nonce: number) => {
    if (inFlight.delete(nonce)) release()
  }

  return {
    async take() {
      if (waiting.length >= MAX_WAITING) throw new LaneFull('too many settlements are waiting')
      if (places >= MAX_IN_FLIGHT) await new Promise<void>((resolve) => waiting.push(resolve))
      else places++
      try {
        while (counter === undefined) {
          asking ??= ask().finally(() => {
            asking = undefined
          })
          await asking
        }
      } catch (error) {
        release()
        throw error
      }
      const nonce = counter++
      inFlight.add(nonce)
      return nonce
    },
    done,
    giveBack(nonce) {
      if (counter !== nonce + 1) return false
      counter = nonce
      done(nonce)
      return true
    },
    resync() {
      counter = undefined
    },
  }
}
