import type { Clock } from '../ports/clock.ts'

/**
 * Lets work through so many times a second and so many at once; what is too much is not done, and `undefined` says so.
 * It bounds a process, whoever asks.
 */
export function throttle(clock: Clock, { perSecond, atOnce }: { perSecond: number; atOnce: number }) {
  let [second, begun, running] = [0, 0, 0]
  return async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    const now = clock.now()
    if (now !== second) [second, begun] = [now, 0]
    if (begun >= perSecond || running >= atOnce) return undefined
    begun++
    running++
    try {
      return await work()
    } finally {
      running--
    }
  }
}
