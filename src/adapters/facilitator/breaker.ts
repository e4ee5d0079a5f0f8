/** How many bad settlements in a row open the breaker. */
export const FAILURES_TO_OPEN = 3
const OPEN_MS = 5_000
const LONGEST_OPEN_MS = 300_000

/** What a settlement said about the service that made it; `neither` says nothing. */
export type Verdict = 'good' | 'bad' | 'neither'

/** Leave to send one payment; ends with its verdict. */
export type Leave = (verdict: Verdict) => void

/**
 * Keeps payments away from a service that fails them.
 *
 * `closed` lets all through; three bad ones in a row make it `open`, which lets none through. Once its time is over, a health
 * check that succeeds makes it `half-open`: one at a time goes through, and its verdict closes the breaker or opens it for
 * twice as long.
 */
export interface Breaker {
  state(): 'closed' | 'open' | 'half-open'
  /** Undefined where no leave is to be had. */
  enter(): Leave | undefined
  /** A health check has succeeded. */
  probed(): void
}

/** @param now monotonic, in ms */
export function createBreaker(now: () => number): Breaker {
  let state: 'closed' | 'open' | 'half-open' = 'closed'
  let bad = 0
  let trial = false
  let openMs = OPEN_MS
  let openUntil = 0

  const open = () => {
    state = 'open'
    openUntil = now() + openMs
    openMs = Math.min(openMs * 2, LONGEST_OPEN_MS)
  }
  // What set out while it was closed tells nothing about the service once it has been open.
  const leave: Leave = (verdict) => {
    if (state !== 'closed') return
    if (verdict === 'good') bad = 0
    if (verdict === 'bad' && ++bad >= FAILURES_TO_OPEN) open()
  }
  const leaveTrial: Leave = (verdict) => {
    trial = false
    if (verdict === 'bad') open()
    if (verdict !== 'good') return
    state = 'closed'
    bad = 0
    openMs = OPEN_MS
  }
  return {
    state: () => state,
    enter() {
      if (state === 'closed') return leave
      if (state === 'open' || trial) return undefined
      trial = true
      return leaveTrial
    },
    probed() {
      if (state === 'open' && now() >= openUntil) state = 'half-open'
    },
  }
}
