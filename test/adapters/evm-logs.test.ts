import { expect, test } from 'vitest'
import { findLog } from '../../src/adapters/evm/logs.ts'
import type { FoundLog } from '../../src/adapters/evm/shapes.ts'
import { type Rpc, RpcError } from '../../src/adapters/rpc.ts'
import { ChainUnavailable } from '../../src/ports/network.ts'

const HEAD = 1_000_000n
const FIRST = HEAD - 302_400n

/** A node that answers for so many blocks at once, and holds one log. */
function nodeWith(cap: bigint, block: bigint | undefined) {
  const asked: bigint[] = []
  const call = async (_method: string, [{ fromBlock, toBlock }]: [{ fromBlock: string; toBlock: string }]) => {
    const [from, to] = [BigInt(fromBlock), BigInt(toBlock)]
    if (to - from + 1n > cap) throw new RpcError(-32_005, 'range too wide', undefined)
    asked.push(to - from + 1n)
    return block !== undefined && from <= block && block <= to ? [{ blockNumber: block } as FoundLog] : []
  }
  return { asked, rpc: { call, close: async () => undefined } as unknown as Rpc }
}
const filter = { address: '0x', topics: [] }

test.each([10n, 1_000n, 10_000n])(
  'a log near the end that the search begins at is found at once by a node that answers for %i blocks',
  async (cap) => {
    for (const [beginAt, block] of [
      ['newest', HEAD - cap / 2n],
      ['oldest', FIRST + cap / 2n],
    ] as const) {
      const { rpc, asked } = nodeWith(cap, block)
      expect(await findLog(rpc, filter, FIRST, HEAD, beginAt)).toEqual({ blockNumber: block })
      expect(asked.length).toBeLessThanOrEqual(3)
    }
  },
)

test.each(['newest', 'oldest'] as const)('a search from the %s looks at every block once', async (beginAt) => {
  const { rpc, asked } = nodeWith(10_000n, undefined)
  expect(await findLog(rpc, filter, FIRST, HEAD, beginAt)).toBeUndefined()
  expect(asked.reduce((sum, blocks) => sum + blocks, 0n)).toBe(HEAD - FIRST + 1n)
})

test('a search that takes too many questions is no answer', async () => {
  await expect(findLog(nodeWith(10n, undefined).rpc, filter, FIRST, HEAD, 'oldest')).rejects.toThrow(ChainUnavailable)
})
