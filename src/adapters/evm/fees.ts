import { ChainUnavailable } from '../../ports/network.ts'
import type { Rpc } from '../rpc.ts'
import type { Fees } from './relayer.ts'
import { maybeBlock } from './shapes.ts'

/** Where the chain stands, and what a transaction should offer now. */
export interface Head {
  readonly block: bigint
  readonly baseFee: bigint
  readonly fees: Fees
}

/** The head of the chain, read at most every two seconds however many ask; `anew` reads it now. */
export type HeadReader = (anew?: boolean) => Promise<Head>

const FRESH_MS = 2_000
const PRIORITY_FEE_WEI = 1_000_000n

/** @param maxFeeWei the most that is ever offered for a unit of gas */
export function readHeads(rpc: Rpc, maxFeeWei: bigint | undefined): HeadReader {
  let last: { readonly readAt: number; readonly head: Promise<Head> } | undefined
  return (anew = false) => {
    if (last && !anew && performance.now() - last.readAt <= FRESH_MS) return last.head
    const asked = { readAt: performance.now(), head: readHead(rpc, maxFeeWei) }
    last = asked
    asked.head.catch(() => {
      if (last === asked) last = undefined
    })
    return asked.head
  }
}

/** Room for the base fee to double twice before a transaction gets stuck (EIP-1559 lets it rise by an eighth a block). */
async function readHead(rpc: Rpc, maxFeeWei: bigint | undefined): Promise<Head> {
  const block = await rpc.call('eth_getBlockByNumber', ['latest', false], maybeBlock)
  if (!block) throw new ChainUnavailable('there is no latest block')
  const baseFee = block.baseFeePerGas ?? 0n
  const fees = capped(
    { maxFeePerGas: baseFee * 4n + PRIORITY_FEE_WEI, maxPriorityFeePerGas: PRIORITY_FEE_WEI },
    maxFeeWei,
  )
  return { block: block.number, baseFee, fees }
}

/**
 * What a transaction has to offer to take the place of one that offered `old`: an eighth more on both counts, as nodes ask a
 * tenth (go-ethereum, core/txpool `PriceBump`), and no less than what is offered now. Undefined where the cap forbids it.
 */
export function raised(old: Fees, now: Fees, maxFeeWei: bigint | undefined): Fees | undefined {
  const least = { maxFeePerGas: bumped(old.maxFeePerGas), maxPriorityFeePerGas: bumped(old.maxPriorityFeePerGas) }
  if (maxFeeWei !== undefined && least.maxFeePerGas > maxFeeWei) return undefined
  return capped(
    {
      maxFeePerGas: larger(least.maxFeePerGas, now.maxFeePerGas),
      maxPriorityFeePerGas: larger(least.maxPriorityFeePerGas, now.maxPriorityFeePerGas),
    },
    maxFeeWei,
  )
}

/** The tip is part of what is paid, so it cannot exceed it (EIP-1559). */
function capped({ maxFeePerGas, maxPriorityFeePerGas }: Fees, maxFeeWei: bigint | undefined): Fees {
  const most = maxFeeWei !== undefined && maxFeeWei < maxFeePerGas ? maxFeeWei : maxFeePerGas
  return { maxFeePerGas: most, maxPriorityFeePerGas: maxPriorityFeePerGas < most ? maxPriorityFeePerGas : most }
}

const bumped = (fee: bigint): bigint => (fee * 9n + 7n) / 8n
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b)
