import { ChainUnavailable } from '../../ports/network.ts'
import { type Rpc, RpcError } from '../rpc.ts'
import { type FoundLog, foundLogs, toQuantity } from './shapes.ts'

/** How often a node is asked for one search, before it counts as not answering. */
const MAX_QUERIES = 128

/**
 * The newest log of a kind between two blocks, or undefined.
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
): Promise<FoundLog | undefined> {
  let from = fromBlock
  let span = toBlock - fromBlock + 1n
  for (let query = 0; from <= toBlock; query++) {
    if (query === MAX_QUERIES) throw new ChainUnavailable('eth_getLogs: the range takes too many questions')
    const to = from + span - 1n < toBlock ? from + span - 1n : toBlock
    try {
      const range = { fromBlock: toQuantity(from), toBlock: toQuantity(to) }
      const newest = (await rpc.call('eth_getLogs', [{ ...filter, ...range }], foundLogs)).at(-1)
      if (newest) return newest
      from = to + 1n
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
      if (to === from) throw new ChainUnavailable(`eth_getLogs: error ${error.code}`)
      span = (to - from + 1n) / 2n
    }
  }
  return undefined
}
