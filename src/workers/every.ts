import type { Milliseconds } from '../domain/ids.ts'
import type { Log } from '../ports/log.ts'

/** Work that is done again and again. */
export interface Recurring {
  /** Waits for the run that is under way; none begins after it. */
  stop(): Promise<void>
}

/** Runs a task at once and then after each pause, one run at a time. What a run throws is logged, and the next one comes all the same. */
export function every(pause: Milliseconds, name: string, task: () => Promise<unknown>, log: Log): Recurring {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const run = async (): Promise<void> => {
    try {
      await task()
    } catch (error) {
      log.warn({ task: name, error: (error as Error).message }, 'a recurring task failed')
    }
    if (stopped) return
    // Spread out, so that many instances do not ask the store all at once.
    timer = setTimeout(begin, pause * (0.75 + Math.random() / 2))
    timer.unref()
  }
  let running = Promise.resolve()
  const begin = () => {
    running = run()
  }
  begin()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
