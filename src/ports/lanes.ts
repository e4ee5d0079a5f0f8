import type { Milliseconds, PaymentKey } from '../domain/ids.ts'

/** How many transactions of one relayer may be unmined at once: nodes drop long queues of one sender. */
export const MAX_IN_FLIGHT = 16

/** Names a relayer on a chain: `eip155:84532:0x…`, lower case. */
export type LaneId = string

/** A nonce that is out: taken, and not known to be used up. */
export interface Flight {
  readonly nonce: number
  /** The payment it was taken for; undefined where it only fills a gap. */
  readonly payment: PaymentKey | undefined
  /** The raw signed transaction, once written down; every later one for this nonce means the same or nothing. */
  readonly raw: string | undefined
  /** When it was taken or last written, on the store's clock, in ms since the epoch; 0 for a gap nobody has taken. */
  readonly since: Milliseconds
}

/**
 * The nonces of every relayer, handed out to all instances that share the store, a bounded number at a time.
 *
 * A lane is a count of what is used up (`base`), a next nonce, and the flights between them. What lies between them and is
 * no flight is a gap: nothing above it can be mined before it is filled.
 *
 * @throws StoreUnavailable from every method
 */
export interface Lanes {
  /**
   * Takes the lowest gap, else the next nonce; none below `floor`.
   *
   * @param floor the relayer's transaction count on chain, as last seen; it only ever raises `base`
   * @returns undefined while MAX_IN_FLIGHT are out
   */
  take(lane: LaneId, floor: number, payment: PaymentKey | undefined): Promise<number | undefined>

  /**
   * Writes down what is about to be broadcast with a nonce (a gap becomes a flight by it).
   *
   * @param over the bytes it stands in for; without it none may be written there yet. So neither a filler nor a second keeper
   *   can overwrite a payment it has not seen.
   * @returns false when the nonce is used up, or other bytes stand there: nothing may be sent.
   */
  write(lane: LaneId, nonce: number, raw: string, over?: string): Promise<boolean>

  /** What was signed for a nonce surely never left: it is free again, or a gap where later ones are out. */
  giveBack(lane: LaneId, nonce: number): Promise<void>

  /** All nonces below `count` are used up on chain. */
  mined(lane: LaneId, count: number): Promise<void>

  /**
   * What is out and what is a gap, in the order of the nonces.
   *
   * @param count the relayer's transaction count on chain. Below `base` it means a reorg: the lane is set back to it.
   */
  flights(lane: LaneId, count: number): Promise<readonly Flight[]>
}
