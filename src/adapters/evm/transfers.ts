import { getAddress } from 'viem'
import { z } from 'zod'
import { atomicUnits, type Caip2, type PaymentKey } from '../../domain/ids.ts'
import { ChainUnavailable } from '../../ports/network.ts'
import type { ChainTransfer, Holding, Transfers } from '../../ports/transfers.ts'
import { answered, type Rpc, RpcError } from '../rpc.ts'
import { bytes, quantity } from './shapes.ts'
import { AUTHORIZATION_USED, topicOf } from './token.ts'

/** `Transfer(address,address,uint256)` */
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
/** x402's proxies for `exact` and `upto` over Permit2, the same on every chain; all they ever log is a settlement. */
const PERMIT2_PROXIES = ['0x402085c248eea27d92e8b30b2c58ed07f9e20001', '0x4020a4f3b7b90cca423b9fabcc0ce57c6c240002']
/** `balanceOf(address)` */
const BALANCE_OF = '0x70a08231'

/** Most nodes search so many blocks at once; one that does not is asked for fewer. */
const CHUNK_BLOCKS = 1_000n
/** So many payers are named in one question about authorizations. */
const PAYERS_AT_ONCE = 200
/** Base makes a block every two seconds. */
const BLOCKS_PER_DAY = 43_200n

const minedLog = z.object({
  address: bytes,
  topics: z.array(bytes).max(4),
  data: bytes,
  transactionHash: bytes,
  blockNumber: quantity,
  logIndex: quantity,
})
const minedLogs = z.array(minedLog)
type MinedLog = z.output<typeof minedLog>

/** null while a transaction is not mined. */
const minedReceipt = z
  .object({ status: z.enum(['0x0', '0x1']), blockNumber: quantity, logs: z.array(z.object({ address: bytes })) })
  .nullable()

/** Past transfers on an EVM chain, by the logs of the token. */
export function evmTransfers(id: Caip2, rpc: Rpc): Transfers {
  const receiptOf = async (hash: string) => {
    if (!/^0x[0-9a-fA-F]{64}$/.test(hash)) return undefined
    const receipt = await rpc.call('eth_getTransactionReceipt', [hash], minedReceipt)
    return receipt?.status === '0x1' ? receipt : undefined
  }

  /** What the payer signed leaves `AuthorizationUsed` right before its Transfer (EIP-3009), or a log of a Permit2 proxy. */
  const paymentOf = async (
    log: MinedLog,
    { asset }: Holding,
    nonces: ReadonlyMap<string, string>,
  ): Promise<Pick<ChainTransfer, 'payment'>> => {
    const from = senderOf(log)
    const nonce = nonces.get(placeOf(log.transactionHash, log.logIndex - 1n, topicOf(from)))
    if (nonce !== undefined) return { payment: { key: `${id}:${asset.toLowerCase()}:${from}:${nonce}` as PaymentKey } }
    const receipt = await receiptOf(log.transactionHash)
    return receipt?.logs.some(({ address }) => PERMIT2_PROXIES.includes(address)) ? { payment: { key: undefined } } : {}
  }

  return {
    blocksPerDay: BLOCKS_PER_DAY,
    head: () => answered(() => rpc.call('eth_blockNumber', [], quantity)),
    blockOf: (transaction) => answered(async () => (await receiptOf(transaction))?.blockNumber),

    async *between(holding, from, to) {
      const owner = topicOf(holding.owner)
      for await (const logs of transferLogs(rpc, holding.asset, [TRANSFER, null, owner], from, to)) {
        const nonces = await answered(() => noncesUsed(rpc, holding.asset, logs))
        for (const log of logs)
          yield {
            ...moved(log, 'in', senderOf(log)),
            ...(await answered(() => paymentOf(log, holding, nonces))),
          }
      }
      for await (const logs of transferLogs(rpc, holding.asset, [TRANSFER, owner], from, to))
        for (const log of logs) yield moved(log, 'out', receiverOf(log))
    },

    async balances({ asset, owner }, from, to) {
      const at = (block: bigint) => {
        const call = { to: asset, data: `${BALANCE_OF}${topicOf(owner).slice(2)}` }
        return rpc.call('eth_call', [call, toQuantity(block)], quantity)
      }
      try {
        return { closing: await at(to), opening: from === 0n ? 0n : await at(from - 1n) }
      } catch (error) {
        // A node that is no archive has forgotten what was held then.
        if (error instanceof RpcError) return undefined
        throw error
      }
    },

    close: () => rpc.close(),
  }
}

/** The transfers that match, range by range; a range that the node finds too large is halved. */
async function* transferLogs(
  rpc: Rpc,
  asset: string,
  topics: readonly (string | null)[],
  from: bigint,
  to: bigint,
): AsyncIterable<MinedLog[]> {
  let size = CHUNK_BLOCKS
  for (let at = from; at <= to; ) {
    const end = at + size - 1n < to ? at + size - 1n : to
    const filter = { address: asset, fromBlock: toQuantity(at), toBlock: toQuantity(end), topics }
    try {
      const found = await rpc.call('eth_getLogs', [filter], minedLogs)
      yield found.filter(
        ({ topics, data }) => topics.length === 3 && /^0x[0-9a-f]{64}$/.test(data) && BigInt(data) > 0n,
      )
      at = end + 1n
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
      if (size === 1n) throw new ChainUnavailable(`error ${error.code}`)
      size /= 2n
    }
  }
}

/** Where each authorization of these transfers' senders was used, and its nonce. */
async function noncesUsed(rpc: Rpc, asset: string, transfers: readonly MinedLog[]): Promise<Map<string, string>> {
  const nonces = new Map<string, string>()
  const [first, last] = [transfers[0], transfers.at(-1)]
  if (!first || !last) return nonces
  const payers = [...new Set(transfers.map((log) => topicOf(senderOf(log))))]
  for (let at = 0; at < payers.length; at += PAYERS_AT_ONCE) {
    const filter = {
      address: asset,
      fromBlock: toQuantity(first.blockNumber),
      toBlock: toQuantity(last.blockNumber),
      topics: [AUTHORIZATION_USED, payers.slice(at, at + PAYERS_AT_ONCE)],
    }
    for (const { transactionHash, logIndex, topics } of await rpc.call('eth_getLogs', [filter], minedLogs))
      nonces.set(placeOf(transactionHash, logIndex, topics[1] ?? ''), topics[2] ?? '')
  }
  return nonces
}

const placeOf = (transaction: string, logIndex: bigint, authorizer: string): string =>
  `${transaction}:${logIndex}:${authorizer}`
const senderOf = ({ topics }: MinedLog): string => addressIn(topics[1])
const receiverOf = ({ topics }: MinedLog): string => addressIn(topics[2])
const addressIn = (topic = ''): string => `0x${topic.slice(26)}`

function moved(log: MinedLog, direction: 'in' | 'out', counterparty: string): ChainTransfer {
  const { data, transactionHash: transaction, blockNumber: block } = log
  return { direction, amount: atomicUnits(BigInt(data)), counterparty: getAddress(counterparty), transaction, block }
}

const toQuantity = (value: bigint): string => `0x${value.toString(16)}`
