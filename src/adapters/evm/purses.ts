import type { Transfer } from '../../domain/payment.ts'

/** How many payments of one payer may wait for the earlier ones. */
const MAX_WAITING = 1_000

/**
 * Keeps a payer from burning our gas: authorizations of one payer that its balance does not cover together are simulated one
 * after the other, so that the chain refuses in the simulation what it would refuse when mined.
 */
export interface Purses {
  /**
   * Waits until the payment's amount is there beside all that is in flight, or nothing is in flight. Undefined where too many
   * wait; else what is to be called when the payment has ended.
   *
   * @throws what `balanceOf` throws
   */
  open(transfer: Transfer): Promise<(() => void) | undefined>
}

interface Purse {
  /** Who holds it open or waits to: nobody, and it is forgotten. */
  users: number
  holders: number
  inFlight: bigint
  /** What the last look at the balance leaves for further payments. */
  left: bigint
  look: Promise<void> | undefined
  readonly waiting: (() => void)[]
}

export function openPurses(balanceOf: (transfer: Transfer) => Promise<bigint>): Purses {
  const purses = new Map<string, Purse>()

  const look = (purse: Purse, transfer: Transfer): Promise<void> => {
    // What is in flight may be gone from the balance already: counted twice, it only makes one wait.
    purse.left = -purse.inFlight
    purse.look = balanceOf(transfer)
      .then((balance) => {
        purse.left += balance
      })
      .finally(() => {
        purse.look = undefined
      })
    return purse.look
  }
  const enter = async (purse: Purse, transfer: Transfer): Promise<boolean> => {
    while (purse.holders > 0 && purse.left < transfer.amount) {
      await (purse.look ?? look(purse, transfer))
      if (purse.holders === 0 || purse.left >= transfer.amount) break
      if (purse.waiting.length >= MAX_WAITING) return false
      await new Promise<void>((resolve) => purse.waiting.push(resolve))
    }
    purse.left -= transfer.amount
    purse.inFlight += transfer.amount
    purse.holders++
    return true
  }

  return {
    async open(transfer) {
      const name = `${transfer.asset}:${transfer.from}`
      const purse = purses.get(name) ?? {
        users: 0,
        holders: 0,
        inFlight: 0n,
        left: 0n,
        look: undefined,
        waiting: [],
      }
      purses.set(name, purse)
      purse.users++
      const leave = () => {
        purse.users--
        if (purse.users === 0) purses.delete(name)
      }
      let entered = false
      try {
        entered = await enter(purse, transfer)
      } finally {
        if (!entered) leave()
      }
      if (!entered) return undefined
      return () => {
        purse.inFlight -= transfer.amount
        purse.holders--
        purse.waiting.shift()?.()
        leave()
      }
    },
  }
}
