import type { SponsoredFees } from '../../domain/payment.ts'
import type { Log } from '../../ports/log.ts'
import type { Rpc } from '../rpc.ts'
import { lamports } from './shapes.ts'

const LOOK_EVERY_MS = 15_000
const LOOK_AFTER_SEND_MS = 1_000
const LAMPORTS_PER_SIGNATURE = 5_000n
const MICRO_LAMPORTS = 1_000_000n
/** What an account without data must keep: a transaction that would leave its fee payer with less is not taken. */
const RENT_EXEMPT_LAMPORTS = 890_880n

/** What a fee payer has left to pay fees with, as last seen. */
export interface Float {
  /** Whether it covers so many settlements; true before the first look, which is made at once. */
  covers(settlements: bigint): boolean
  /** Notes a settlement that was sent, and what it asks of the fee payer. */
  sent(fees: SponsoredFees | undefined): void
  /** Asks the node now; gives the balance. */
  look(): Promise<bigint>
  /** What must be held so that so many settlements are covered. */
  needed(settlements: bigint): bigint
  close(): void
}

/** Watches the balance of a fee payer: every 15 seconds, and soon after each send. One line in the log for each change. */
export function watchFloat(rpc: Rpc, address: string, minSettlements: bigint, log: Log): Float {
  let held: bigint | undefined
  let dearest = 2n * LAMPORTS_PER_SIGNATURE
  let low = false
  let soon: NodeJS.Timeout | undefined

  const needed = (settlements: bigint) => RENT_EXEMPT_LAMPORTS + settlements * dearest
  const covers = (settlements: bigint) => held === undefined || held >= needed(settlements)
  const tell = () => {
    const now = !covers(minSettlements)
    if (now === low) return
    low = now
    const fields = { feePayer: address, lamports: String(held), needed: String(needed(minSettlements)) }
    if (now) log.warn(fields, 'fee payer is low: offers withdrawn')
    else log.info(fields, 'fee payer is funded: offers are back')
  }
  const look = async (): Promise<bigint> => {
    const { value } = await rpc.call('getBalance', [address, { commitment: 'confirmed' }], lamports)
    held = BigInt(value)
    tell()
    return held
  }
  // A node that does not answer changes nothing: what was seen last still counts.
  const tryLook = () => void look().catch(() => undefined)
  const timer = setInterval(tryLook, LOOK_EVERY_MS)
  timer.unref()
  tryLook()

  return {
    covers,
    needed,
    look,
    sent(fees) {
      const cost = fees ? feeOf(fees) : 0n
      if (cost > dearest) dearest = cost
      tell()
      if (soon) return
      soon = setTimeout(() => {
        soon = undefined
        tryLook()
      }, LOOK_AFTER_SEND_MS)
      soon.unref()
    },
    close() {
      clearInterval(timer)
      clearTimeout(soon)
    },
  }
}

/** 5,000 lamports a signature, and the priority fee that is asked for, rounded up (https://solana.com/docs/core/fees). */
function feeOf({ signatures, computeUnitLimit, computeUnitPriceMicroLamports }: SponsoredFees): bigint {
  const priority = computeUnitPriceMicroLamports * BigInt(computeUnitLimit)
  return BigInt(signatures) * LAMPORTS_PER_SIGNATURE + (priority + MICRO_LAMPORTS - 1n) / MICRO_LAMPORTS
}
