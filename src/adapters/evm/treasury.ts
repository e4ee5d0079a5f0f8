import { randomBytes } from 'node:crypto'
import { type Hex, hexToBigInt, keccak256, parseTransaction } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { type AtomicUnits, atomicUnits, type Caip2 } from '../../domain/ids.ts'
import type { Attempt } from '../../domain/settlement.ts'
import { ChainUnavailable } from '../../ports/network.ts'
import { TransferImpossible, type TransferOutcome, type Treasury } from '../../ports/treasury.ts'
import { answered, type Rpc, RpcError } from '../rpc.ts'
import { hexWord, uintWord } from './eip712.ts'
import { bytes, foundLogs, maybeBlock, maybeReceipt, quantity, toQuantity } from './shapes.ts'
import { isTransfer, settlementIn, topicOf } from './token.ts'

export interface EvmTreasuryOptions {
  readonly network: Caip2
  readonly rpc: Rpc
  /** Not a relayer's: the nonces of relayers are handed out by the store. */
  readonly key: string
}

/** What a prepared transfer says, read from its bytes. */
interface Prepared {
  readonly hash: Hex
  readonly nonce: number
  readonly asset: Hex
  readonly to: Hex
  readonly amount: AtomicUnits
}

/** `transfer(address,uint256)` */
const TRANSFER_SELECTOR = Buffer.from('a9059cbb', 'hex')
/** `Transfer(address,address,uint256)` */
const TRANSFER_TOPIC = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
const PRIORITY_FEE_WEI = 1_000_000n
/** Every provider searches so many blocks at once; further back than so many searches nothing is known. */
const CHUNK_BLOCKS = 1_000n
const MAX_CHUNKS = 128n

/**
 * Pays refunds with ERC-20 transfers from one key.
 *
 * A transfer and its nonce are one: of two that were prepared with the same nonce, by two operators at once, one is mined and
 * the other becomes void.
 */
export function evmTreasury({ network, rpc, key }: EvmTreasuryOptions): Treasury {
  const account = privateKeyToAccount(key as Hex)
  const from = account.address
  return {
    network,
    address: from,
    prepare: (to, asset, amount) =>
      answered(async () => {
        const [nonce, head, held] = await Promise.all([
          rpc.call('eth_getTransactionCount', [from, 'pending'], quantity),
          rpc.call('eth_getBlockByNumber', ['latest', false], maybeBlock),
          rpc.call('eth_getBalance', [from, 'latest'], quantity),
        ])
        if (!head) throw new ChainUnavailable('no latest block')
        // Bytes past the arguments are ignored (Solidity ABI) and make these ones unlike any others.
        const call = [TRANSFER_SELECTOR, hexWord(to), uintWord(amount), randomBytes(16)]
        const data: Hex = `0x${Buffer.concat(call).toString('hex')}`
        const gas = await estimate(rpc, { from, to: asset, data })
        const maxFeePerGas = (head.baseFeePerGas ?? 0n) * 4n + PRIORITY_FEE_WEI
        if (held < gas * maxFeePerGas)
          throw new TransferImpossible(`${from} holds ${held} wei; the gas may take ${gas * maxFeePerGas}`)
        const raw = await account.signTransaction({
          type: 'eip1559',
          chainId: Number(network.slice('eip155:'.length)),
          to: asset as Hex,
          data,
          gas,
          nonce: Number(nonce),
          maxFeePerGas,
          maxPriorityFeePerGas: PRIORITY_FEE_WEI,
        })
        const fromBlock = toQuantity(head.number)
        return {
          via: 'embedded',
          facilitator: undefined,
          transaction: keccak256(raw),
          raw,
          fromBlock,
          lastValidBlockHeight: undefined,
        }
      }),
    async send({ raw }) {
      if (raw !== undefined) await rpc.call('eth_sendRawTransaction', [raw], bytes).catch(() => undefined)
    },
    outcome: (attempt) => answered(() => outcomeOf(rpc, network, from, attempt)),
    close: () => rpc.close(),
  }
}

/** @throws TransferImpossible when the call reverts */
async function estimate(rpc: Rpc, call: { from: string; to: string; data: Hex }): Promise<bigint> {
  try {
    const gas = await rpc.call('eth_estimateGas', [call], quantity)
    return (gas * 5n) / 4n
  } catch (error) {
    if (!(error instanceof RpcError)) throw error
    throw new TransferImpossible(`${call.to} refuses the transfer from ${call.from}: does it hold the amount?`)
  }
}

/** Void is what was mined without an effect, or whose nonce another transaction has used: both as finalised. */
async function outcomeOf(rpc: Rpc, network: Caip2, from: string, attempt: Attempt): Promise<TransferOutcome> {
  const prepared = read(attempt)
  if (!prepared) return { outcome: 'unknown' }
  // Asked first: what is not found afterwards had not been mined by then.
  const finalized = await rpc.call('eth_getBlockByNumber', ['finalized', false], maybeBlock)
  const receipt = await rpc.call('eth_getTransactionReceipt', [prepared.hash], maybeReceipt)
  const moved = { network, from, asset: prepared.asset, to: prepared.to, amount: prepared.amount }
  if (receipt?.status === '0x1' && receipt.logs.some((log) => isTransfer(log, moved)))
    return { outcome: 'settled', settlement: settlementIn(receipt, moved) }
  if (!finalized) return { outcome: 'unknown' }
  if (receipt)
    return { outcome: receipt.status === '0x0' && receipt.blockNumber <= finalized.number ? 'void' : 'unknown' }
  const used = await rpc.call('eth_getTransactionCount', [from, toQuantity(finalized.number)], quantity)
  const never = used > BigInt(prepared.nonce) && (await leftNoTrace(rpc, from, prepared, attempt, finalized.number))
  return { outcome: never ? 'void' : 'unknown' }
}

function read({ raw }: Attempt): Prepared | undefined {
  if (raw === undefined) return undefined
  const { to: asset, nonce = 0, data = '0x' } = parseTransaction(raw as Hex)
  if (!asset || data.length < 2 + 2 * 68) return undefined
  const to: Hex = `0x${data.slice(34, 74)}`
  const amount = atomicUnits(hexToBigInt(`0x${data.slice(74, 138)}`))
  return { hash: keccak256(raw as Hex), nonce, asset, to, amount }
}

/** A node forgets receipts sooner than logs: before money is sent again, those are looked through as well. */
async function leftNoTrace(
  rpc: Rpc,
  from: string,
  { hash, asset, to }: Prepared,
  { fromBlock }: Attempt,
  last: bigint,
): Promise<boolean> {
  const first = BigInt(fromBlock ?? 0)
  if (last - first > CHUNK_BLOCKS * MAX_CHUNKS) return false
  const topics = [TRANSFER_TOPIC, topicOf(from), topicOf(to)]
  for (let start = first; start <= last; start += CHUNK_BLOCKS) {
    const end = start + CHUNK_BLOCKS - 1n < last ? start + CHUNK_BLOCKS - 1n : last
    const range = { fromBlock: toQuantity(start), toBlock: toQuantity(end) }
    const logs = await rpc.call('eth_getLogs', [{ address: asset, topics, ...range }], foundLogs)
    if (logs.some(({ transactionHash }) => transactionHash === hash)) return false
  }
  return true
}
