/** Which part of the model waits: an instance of the gateway. A crashed one never goes on. */
export type Owner = number

const flush = setImmediate

/** Decides who goes on: every await of the model's parts passes through here, so that a history is the order of its turns. */
export interface Scheduler {
  /** Waits for its turn; for ever where its owner is killed. */
  turn(owner: Owner): Promise<void>
  /** Lets one of those who wait go on, and everything that follows from it at once. False when nobody waits. */
  step(pick: number): Promise<boolean>
  kill(owner: Owner): void
}

export function openScheduler(): Scheduler {
  let waiting: { owner: Owner; go: () => void }[] = []
  const killed = new Set<Owner>()
  return {
    turn: (owner) =>
      new Promise((go) => {
        if (!killed.has(owner)) waiting.push({ owner, go })
      }),
    async step(pick) {
      const [next] = waiting.splice(pick % Math.max(1, waiting.length), 1)
      next?.go()
      await new Promise((done) => flush(done))
      return next !== undefined
    },
    kill(owner) {
      killed.add(owner)
      waiting = waiting.filter((one) => one.owner !== owner)
    },
  }
}

/** The time of a history, in place of the process's own. */
export interface OwnTime {
  /** Runs what was to be done every so often and is due; in a history whose gateways stand still it is not called. */
  beat(): void
  /** Puts real time back. */
  restore(): void
}

/**
 * Takes real time out of the process while a history runs: `performance` counts the history's, leases are renewed when it
 * says so, and pauses end at once.
 */
export function ownTime(now: () => number): OwnTime {
  const { setInterval, clearInterval, setTimeout } = globalThis
  const measured = performance.now
  const beats = new Map<object, { readonly run: () => void; readonly every: number; next: number }>()
  const never = { unref: () => never, ref: () => never } as unknown as NodeJS.Timeout
  globalThis.setInterval = ((run: () => void, every: number) => {
    const beat = { unref: () => beat, ref: () => beat }
    beats.set(beat, { run, every, next: now() + every })
    return beat
  }) as unknown as typeof setInterval
  globalThis.clearInterval = ((beat: object) => void beats.delete(beat)) as unknown as typeof clearInterval
  globalThis.setTimeout = ((run: () => void) => {
    flush(run)
    return never
  }) as unknown as typeof setTimeout
  performance.now = now
  return {
    beat() {
      for (const one of beats.values()) {
        if (one.next > now()) continue
        one.next = now() + one.every
        one.run()
      }
    },
    restore() {
      Object.assign(globalThis, { setInterval, clearInterval, setTimeout })
      performance.now = measured
    },
  }
}
