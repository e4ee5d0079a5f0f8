import type { PaymentKey } from '../../domain/ids.ts'
import { type LaneId, type Lanes, MAX_IN_FLIGHT } from '../../ports/lanes.ts'

/** How many may wait for a place; more would wait longer than their authorizations live. */
const MAX_WAITING = 1_000
/** How often a place is asked for while other instances hold them all. */
const POLL_MS = 50
/** How often the chain is asked meanwhile, in case whoever holds them has died. */
const COUNT_EVERY_MS = 1_000

/** The lane has as many waiting as it takes. */
export class LaneFull extends Error {
  override readonly name = 'LaneFull'
}

/** This process's queue for the nonces of one relayer, which all instances share through the store. */
export interface Lane {
  /** How many are waiting or in flight here. */
  load(): number
  /**
   * Waits for a nonce. Each one ends in exactly one of `mined`, `giveBack`, `leave`.
   *
   * @throws LaneFull, StoreUnavailable, ChainUnavailable, RpcError
   */
  take(payment: PaymentKey): Promise<number>
  /** The nonce is used up, and so are all below it. */
  mined(nonce: number): void
  /** Nothing was sent with it. False when the store did not answer: what was written there may still be sent. */
  giveBack(nonce: number): Promise<boolean>
  /** Asks the chain anew: somebody else uses the relayer's nonces. A node that is away changes nothing. */
  recount(): Promise<void>
  /** What becomes of it is for the keeper to see. */
  leave(nonce: number): void
  /** The relayer's transaction count, as the keeper has seen it; after a reorg it is lower than it was. */
  reset(count: number): void
  /** Waits until the store has been told what is used up. */
  close(): Promise<void>
}

export interface LaneOptions {
  readonly lanes: Lanes
  readonly id: LaneId
  /** Asks the node how many transactions of the relayer are mined. */
  readonly count: () => Promise<number>
  /** A nonce was given back that later ones may be waiting for. */
  readonly onGap: () => void
}

interface Waiting {
  readonly payment: PaymentKey
  readonly resolve: (nonce: number) => void
  readonly reject: (error: unknown) => void
}

export function openLane({ lanes, id, count, onGap }: LaneOptions): Lane {
  const out = new Set<number>()
  const waiting: Waiting[] = []
  let floor: number | undefined
  let countedAt = 0
  let serving = false
  let woken = false
  let polling = false

  const countAnew = async () => {
    countedAt = performance.now()
    floor = Math.max(floor ?? 0, await count())
  }
  /** Asks for as many nonces as there is room for; those who get none stay first in the queue. */
  const ask = async (): Promise<boolean> => {
    const asking = waiting.splice(0, MAX_IN_FLIGHT - out.size)
    const answers = await Promise.allSettled(asking.map(({ payment }) => lanes.take(id, floor ?? 0, payment)))
    const left = asking.filter(({ resolve, reject }, index) => {
      const answer = answers[index] as PromiseSettledResult<number | undefined>
      if (answer.status === 'rejected') reject(answer.reason)
      else if (answer.value === undefined) return true
      else {
        out.add(answer.value)
        resolve(answer.value)
      }
      return false
    })
    waiting.unshift(...left)
    return left.length === 0
  }
  const serve = async (): Promise<void> => {
    woken = true
    if (serving) return
    serving = true
    try {
      if (floor === undefined) await countAnew()
      while (woken && waiting.length > 0 && out.size < MAX_IN_FLIGHT) {
        woken = false
        if (await ask()) woken = true
        else askLater()
      }
    } catch (error) {
      for (const { reject } of waiting.splice(0)) reject(error)
    } finally {
      serving = false
    }
  }
  const askLater = (): void => {
    if (polling) return
    polling = true
    setTimeout(async () => {
      polling = false
      // A node that is away tells nothing; the others may still free places.
      if (performance.now() - countedAt >= COUNT_EVERY_MS) await countAnew().catch(() => undefined)
      void serve()
    }, POLL_MS).unref()
  }
  const end = (nonce: number): void => {
    out.delete(nonce)
    void serve()
  }
  let telling: Promise<void> | undefined
  /** Lets the other instances have the places; whoever takes the next nonce here tells the same by its floor. */
  const tell = async (): Promise<void> => {
    try {
      for (let told = -1; told !== floor; ) {
        told = floor ?? 0
        await lanes.mined(id, told)
      }
    } catch {
      // A store that is away is told by the next one, or by the keeper.
    } finally {
      telling = undefined
    }
  }

  return {
    load: () => out.size + waiting.length,
    take(payment) {
      if (waiting.length >= MAX_WAITING) return Promise.reject(new LaneFull('too many settlements are waiting'))
      return new Promise((resolve, reject) => {
        waiting.push({ payment, resolve, reject })
        void serve()
      })
    },
    mined(nonce) {
      floor = Math.max(floor ?? 0, nonce + 1)
      end(nonce)
      if (waiting.length > 0) return
      telling ??= tell()
    },
    async giveBack(nonce) {
      try {
        await lanes.giveBack(id, nonce)
        return true
      } catch {
        return false
      } finally {
        const gap = Math.max(...out) > nonce
        end(nonce)
        if (gap && waiting.length === 0) onGap()
      }
    },
    recount: () => countAnew().catch(() => undefined),
    leave: end,
    reset(count) {
      floor = count
    },
    close: async () => telling,
  }
}
