import { ChainUnavailable } from '../../ports/network.ts'
import { type Rpc, RpcError } from '../rpc.ts'
import { type FoundLog, foundLogs, toQuantity } from './shapes.ts'

/** How often a node is asked for one search, before it counts as not answering. */
const MAX_QUERIES = 128

/**
 * The first log of a kind between two blocks that is come upon, or undefined.
 *
 * A nonce has one log. It stands soon after a block that was noted when it was sent; where none was, it is the newest blocks
 * that somebody who asks is after.
 *
 * Providers cap the range of eth_getLogs, each elsewhere: a range that is refused is halved, and what was accepted is kept to.
 *
 * @throws ChainUnavailable when the node does not answer for the whole range
 */
export async function findLog(
  rpc: Rpc,
  filter: { readonly address: string; readonly topics: readonly unknown[] },
  fromBlock: bigint,
  toBlock: bigint,
  beginAt: 'oldest' | 'newest',
): Promise<FoundLog | undefined> {
  let [low, high] = [fromBlock, toBlock]
  let span = high - low + 1n
  for (let query = 0; low <= high; query++) {
    if (query === MAX_QUERIES) throw new ChainUnavailable('eth_getLogs: the range takes too many questions')
    if (span > high - low + 1n) span = high - low + 1n
    const [from, to] = beginAt === 'oldest' ? [low, low + span - 1n] : [high - span + 1n, high]
    try {
      const range = { fromBlock: toQuantity(from), toBlock: toQuantity(to) }
      const found = (await rpc.call('eth_getLogs', [{ ...filter, ...range }], foundLogs)).at(-1)
      if (found) return found
      if (beginAt === 'oldest') low = to + 1n
      else high = from - 1n
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
      if (span === 1n) throw new ChainUnavailable(`eth_getLogs: error ${error.code}`)
      span /= 2n
    }
  }
  return undefined
}
