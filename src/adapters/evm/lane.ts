/** How many transactions of one relayer may be unmined at once: nodes drop long queues of one sender. */
const MAX_IN_FLIGHT = 16

/**
 * The nonces of one relayer, handed out in order and one at a time.
 *
 * A nonce that was handed out and never used is handed out again first, so that no later transaction waits behind a gap.
 */
export interface Lane {
  /** Waits for a place among the transactions in flight, then takes the next nonce. */
  take(): Promise<number>
  /** The transaction with this nonce was mined, or its place is no longer needed. */
  done(): void
  /** The nonce was not used: it is the next to be handed out. */
  giveBack(nonce: number): void
  /** Forgets what was counted; the next nonce is asked of the node. For when the node says that ours is not the next. */
  resync(): void
}

/** @param next asks the node for the relayer's next nonce, pending transactions counted */
export function openLane(next: () => Promise<number>): Lane {
  let counter: number | undefined
  let asking: Promise<void> | undefined
  let inFlight = 0
  const unused: number[] = []
  const waiting: (() => void)[] = []

  const ask = async () => {
    const found = await next()
    counter = Math.max(counter ?? 0, found)
  }
  const release = () => {
    const first = waiting.shift()
    // The place passes straight on to the first in the queue.
    if (first) first()
    else inFlight--
  }

  return {
    async take() {
      if (inFlight >= MAX_IN_FLIGHT) await new Promise<void>((resolve) => waiting.push(resolve))
      else inFlight++
      const again = unused.shift()
      if (again !== undefined) return again
      try {
        while (counter === undefined) {
          asking ??= ask().finally(() => {
            asking = undefined
          })
          await asking
        }
        return counter++
      } catch (error) {
        release()
        throw error
      }
    },
    done: release,
    giveBack(nonce) {
      if (counter === nonce + 1) counter = nonce
      else {
        unused.push(nonce)
        unused.sort((a, b) => a - b)
      }
      release()
    },
    resync() {
      counter = undefined
      unused.length = 0
    },
  }
}
