import type { Traced, Transfer } from '../../domain/payment.ts'
import type { Attempt, LookupOutcome, Settlement } from '../../domain/settlement.ts'
import { ChainUnavailable } from '../../ports/network.ts'
import type { Rpc } from '../rpc.ts'
import { findLog } from './logs.ts'
import {
  type EvmBlock,
  type EvmReceipt,
  type FoundLog,
  maybeBlock,
  maybeReceipt,
  quantity,
  toQuantity,
} from './shapes.ts'
import {
  AUTHORIZATION_CANCELED,
  AUTHORIZATION_USED,
  authorizationStateCalldata,
  isTransfer,
  provenBy,
  topicOf,
} from './token.ts'

/** How far back logs are searched when nobody noted where to begin: a week of Base's blocks. */
const LOOK_BACK_BLOCKS = 302_400n
/** A reorg may put a transaction into an earlier block than the one it was sent after. */
const REORG_MARGIN_BLOCKS = 64n

/** See Network.lookup. */
export async function lookup(
  rpc: Rpc,
  { transfer }: Traced,
  attempt: Attempt | undefined,
  hint: string | undefined,
): Promise<LookupOutcome> {
  let known = 0n
  for (const hash of new Set([hint, attempt?.transaction])) {
    const receipt = hash === undefined ? undefined : await readReceipt(rpc, hash)
    if (!receipt) continue
    const settlement = provenBy(receipt, transfer)
    if (settlement) return { outcome: 'settled', settlement }
    if (receipt.blockNumber > known) known = receipt.blockNumber
  }
  const head = await headPast(rpc, known)
  if (!(await isSpent(rpc, transfer, head))) {
    return { outcome: (await isOver(rpc, transfer, head)) ? 'void' : 'unspent' }
  }
  return explain(rpc, transfer, await findUse(rpc, transfer, attempt?.fromBlock, head))
}

/** See Network.review. A settlement that another transaction holds now is `gone`: what is recorded of it has to be learnt anew. */
export async function review(
  rpc: Rpc,
  { transfer }: Traced,
  { transaction, block = '0' }: Settlement,
): Promise<'final' | 'pending' | 'gone'> {
  const receipt = await readReceipt(rpc, transaction)
  if (receipt && provenBy(receipt, transfer)) {
    const finalized = await readBlock(rpc, 'finalized')
    if (!finalized || receipt.blockNumber > finalized.number) return 'pending'
    const canonical = await readBlock(rpc, toQuantity(receipt.blockNumber))
    if (canonical?.hash === receipt.blockHash) return 'final'
  }
  // A receipt that is not there proves nothing: the node may be behind, or have forgotten it.
  const head = await headPast(rpc, BigInt(block))
  if (!(await isSpent(rpc, transfer, head))) return 'gone'
  const use = await findUse(rpc, transfer, toQuantity(BigInt(block)), head)
  return use === undefined || use.transactionHash === transaction ? 'pending' : 'gone'
}

async function readReceipt(rpc: Rpc, hash: string): Promise<EvmReceipt | undefined> {
  if (!/^0x[0-9a-fA-F]{64}$/.test(hash)) return undefined
  return (await rpc.call('eth_getTransactionReceipt', [hash], maybeReceipt)) ?? undefined
}

const readBlock = (rpc: Rpc, tag: string): Promise<EvmBlock | null> =>
  rpc.call('eth_getBlockByNumber', [tag, false], maybeBlock)

/** @throws ChainUnavailable when the node is behind a block that is known to exist: what it does not show may be there */
async function headPast(rpc: Rpc, known: bigint): Promise<EvmBlock> {
  const head = await readBlock(rpc, 'latest')
  if (!head || head.number < known) throw new ChainUnavailable('the node is behind')
  return head
}

/** Whether the nonce is used or cancelled; asked of one block, so that a node behind it cannot answer. */
async function isSpent(rpc: Rpc, { asset, from, nonce }: Transfer, { number }: EvmBlock): Promise<boolean> {
  const call = { to: asset, data: authorizationStateCalldata(from, nonce) }
  return (await rpc.call('eth_call', [call, toQuantity(number)], quantity)) !== 0n
}

/** Whether the window is past in a block that no reorg takes back, and which `head` stands on: then what is unspent at `head` stays so. */
async function isOver(rpc: Rpc, { window }: Transfer, head: EvmBlock): Promise<boolean> {
  if (!window || head.timestamp < window.validBefore) return false
  const finalized = await readBlock(rpc, 'finalized')
  return finalized !== null && finalized.timestamp >= window.validBefore && finalized.number <= head.number
}

function findUse(
  rpc: Rpc,
  { asset, from, nonce }: Transfer,
  noted: string | undefined,
  { number: head }: EvmBlock,
): Promise<FoundLog | undefined> {
  const first = noted === undefined ? head - LOOK_BACK_BLOCKS : BigInt(noted) - REORG_MARGIN_BLOCKS
  const topics = [[AUTHORIZATION_USED, AUTHORIZATION_CANCELED], topicOf(from), nonce]
  const beginAt = noted === undefined ? 'newest' : 'oldest'
  return findLog(rpc, { address: asset, topics }, first > 0n ? first : 0n, head, beginAt)
}

/** What was done with a nonce that is spent. It is closed for our transfer once that is final; until then a reorg may free it. */
async function explain(rpc: Rpc, transfer: Transfer, use: FoundLog | undefined): Promise<LookupOutcome> {
  if (!use) return { outcome: 'unknown' }
  if (use.topics[0] === AUTHORIZATION_USED) {
    const receipt = await readReceipt(rpc, use.transactionHash)
    const settlement = receipt && provenBy(receipt, transfer)
    if (settlement) return { outcome: 'settled', settlement }
    // Used, and our transfer may be among the logs: nothing is certain, so nothing is guessed.
    if (!receipt || receipt.logs.some((log) => isTransfer(log, transfer))) return { outcome: 'unknown' }
  }
  const finalized = await readBlock(rpc, 'finalized')
  return { outcome: finalized && use.blockNumber <= finalized.number ? 'void' : 'unspent' }
}
