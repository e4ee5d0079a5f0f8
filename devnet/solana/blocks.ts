import { randomBytes } from 'node:crypto'
import { toBase58 } from './bytes.ts'

export type Commitment = 'processed' | 'confirmed' | 'finalized'

export interface Block {
  slot: number
  /** Below the slot, as on a real cluster, where some slots stay without a block. */
  height: number
  blockhash: string
  /** When it was produced, on the monotonic clock. */
  at: number
  unixTime: number
}

/** A blockhash serves transactions in its own block and the 150 after it. */
export const MAX_PROCESSING_AGE = 150
export const SLOTS_PER_EPOCH = 432_000
const FINALITY_DEPTH = 32
const SKIPPED_SLOTS = 21_000_000
const KEPT_BLOCKS = 10_000

/**
 * The chain of blocks: slots, heights, blockhashes, and how far confirmation has come.
 *
 * Confirmation is a time, not a block: what landed before it is confirmed. It only moves forward, however the delay
 * is changed meanwhile, so that nothing once confirmed is taken back.
 */
export class Blocks {
  readonly #slotMs: number
  readonly #blocks: Block[] = []
  readonly #byHash = new Map<string, Block>()
  #confirmMs: number
  #hasForgotten = false
  #confirmedUntil = Number.NEGATIVE_INFINITY

  /** Starts with a past, so that the finalised block exists from the first call on. */
  constructor(options: { firstSlot: number; slotMs: number; confirmMs: number }) {
    this.#slotMs = options.slotMs
    this.#confirmMs = options.confirmMs
    const past = FINALITY_DEPTH * 2
    for (let back = past; back >= 0; back--) this.#append(options.firstSlot + past - back, back * options.slotMs)
    this.#confirmedUntil = performance.now() - options.slotMs
  }

  get head(): Block {
    return this.#fromEnd(1)
  }

  /** From which slot on nothing is forgotten. */
  get firstKept(): number {
    return this.#hasForgotten ? (this.#blocks[0]?.slot ?? 0) : 0
  }

  produce(): Block {
    const block = this.#append(this.head.slot + 1, 0)
    if (this.#blocks.length > KEPT_BLOCKS) {
      this.#hasForgotten = true
      for (const old of this.#blocks.splice(0, KEPT_BLOCKS / 10)) this.#byHash.delete(old.blockhash)
    }
    return block
  }

  at(commitment: Commitment): Block {
    if (commitment === 'processed') return this.head
    const until = this.#advance()
    const index = Math.max(
      this.#blocks.findLastIndex((block) => block.at <= until),
      FINALITY_DEPTH,
    )
    const block = this.#blocks[commitment === 'confirmed' ? index : index - FINALITY_DEPTH]
    return block ?? this.head
  }

  /** How safe something is that landed in `slot` at `landedAt`. */
  commitmentOf(slot: number, landedAt: number): Commitment {
    if (landedAt > this.#advance()) return 'processed'
    return slot <= this.at('finalized').slot ? 'finalized' : 'confirmed'
  }

  inSlot(slot: number): Block | undefined {
    return this.#blocks[slot - (this.#blocks[0]?.slot ?? 0)]
  }

  /** Whether a transaction with this blockhash may still be taken, seen from a block (by default, the newest). */
  isRecent(blockhash: string, from: Block = this.head): boolean {
    const block = this.#byHash.get(blockhash)
    return block !== undefined && block.height <= from.height && from.height - block.height <= MAX_PROCESSING_AGE
  }

  setConfirmDelay(ms: number): void {
    this.#advance()
    this.#confirmMs = ms
  }

  #advance(): number {
    this.#confirmedUntil = Math.max(this.#confirmedUntil, performance.now() - this.#confirmMs)
    return this.#confirmedUntil
  }

  #append(slot: number, agoMs: number): Block {
    const block = {
      slot,
      height: slot - SKIPPED_SLOTS,
      blockhash: toBase58(randomBytes(32)),
      at: performance.now() - agoMs,
      unixTime: Math.floor((Date.now() - agoMs) / 1000),
    }
    this.#blocks.push(block)
    this.#byHash.set(block.blockhash, block)
    return block
  }

  #fromEnd(offset: number): Block {
    const block = this.#blocks[this.#blocks.length - offset]
    if (block === undefined) throw new Error('a chain has at least one block')
    return block
  }
}
