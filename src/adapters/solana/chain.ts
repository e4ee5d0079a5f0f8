import type { Traced } from '../../domain/payment.ts'
import type { Attempt, Settlement } from '../../domain/settlement.ts'
import { ChainUnavailable } from '../../ports/network.ts'
import type { Rpc } from '../rpc.ts'
import { epochInfo, maybeTransaction, type SignatureStatus, signatures, slot, statuses } from './shapes.ts'
import { readTransaction } from './transaction.ts'

/** A place in the chain: heights count blocks, slots also those that stayed without one. */
export interface Head {
  readonly slot: number
  readonly height: number
}

/** A transaction in a confirmed block. */
export interface Landed {
  readonly signature: string
  readonly slot: number
  /** It was taken and moved nothing; the cluster takes no message twice. */
  readonly failed: boolean
}

/** A blockhash serves transactions in its own block and the 150 after it (MAX_PROCESSING_AGE of Agave). */
export const BLOCKHASH_LIFE_BLOCKS = 151
/** How far our node may be behind while one call to it lasts: 10 s of blocks, and then some. */
const BEHIND_BLOCKS = 32
/** The most that getSignaturesForAddress gives at once, and how many such pages are looked through. */
const PAGE = 1_000
const MAX_PAGES = 3
const FETCHED_AT_ONCE = 16

export async function headAt(rpc: Rpc, commitment: 'processed' | 'confirmed' | 'finalized'): Promise<Head> {
  const { absoluteSlot, blockHeight } = await rpc.call('getEpochInfo', [{ commitment }], epochInfo)
  return { slot: absoluteSlot, height: blockHeight }
}

/**
 * Where a payment that is about to be sent can land: not before `fromBlock` (a slot), not after `lastValidBlockHeight`.
 *
 * Both are bounds and not the exact ends, which nobody tells us for a blockhash of the client's choosing. Our node ran the
 * transaction, so it knew that blockhash, and no block it knew can be above its newest one by more than it was behind: the
 * height is read at `processed` and widened by that much. Downwards: a blockhash that is still good is at most its whole
 * life old; the life is doubled because slots without a block do not count in it. (Durable nonces never end, but a
 * transaction with one calls the System program, which the sponsor's guards refuse.)
 */
export async function positionNow(rpc: Rpc): Promise<Pick<Attempt, 'fromBlock' | 'lastValidBlockHeight'>> {
  const { slot, height } = await headAt(rpc, 'processed')
  return {
    fromBlock: String(Math.max(0, slot - 2 * BLOCKHASH_LIFE_BLOCKS)),
    lastValidBlockHeight: String(height + BLOCKHASH_LIFE_BLOCKS + BEHIND_BLOCKS),
  }
}

/** True once a transaction is confirmed or more. */
export function isConfirmed({ confirmationStatus }: SignatureStatus): boolean {
  return confirmationStatus === 'confirmed' || isFinalized({ confirmationStatus })
}

export function isFinalized({ confirmationStatus }: Pick<SignatureStatus, 'confirmationStatus'>): boolean {
  return confirmationStatus === 'finalized'
}

/**
 * How a transaction stands, its whole history searched; null when the node, come at least as far as `head`, has none of it.
 *
 * @throws ChainUnavailable when the answer is from a node that is further behind
 */
export async function statusOf(rpc: Rpc, signature: string, head: Head): Promise<SignatureStatus | null> {
  const { context, value } = await rpc.call(
    'getSignatureStatuses',
    [[signature], { searchTransactionHistory: true }],
    statuses,
  )
  if (context.slot < head.slot || value.length !== 1) throw new ChainUnavailable('the node is behind')
  return value[0] ?? null
}

/** A transaction, if it carries exactly the message that was signed. `unseen`: the node does not have it to show. */
export async function carrier(rpc: Rpc, signature: string, { transfer }: Traced): Promise<Landed | 'other' | 'unseen'> {
  if (!/^[1-9A-HJ-NP-Za-km-z]{64,90}$/.test(signature)) return 'other'
  const options = { encoding: 'base64', commitment: 'confirmed', maxSupportedTransactionVersion: 0 }
  const fetched = await rpc.call('getTransaction', [signature, options], maybeTransaction)
  if (!fetched?.meta) return 'unseen'
  const read = readTransaction(Buffer.from(fetched.transaction[0], 'base64'))
  if (read?.messageHash !== transfer.nonce) return 'other'
  return { signature, slot: fetched.slot, failed: fetched.meta.err != null }
}

/**
 * Looks for the message among what the payer's address was part of since a slot, whoever signed as fee payer.
 *
 * @returns `absent` when all of that was seen and it is not there, `incomplete` when not all could be seen
 * @throws ChainUnavailable, RpcError also when the node is behind `head`
 */
export async function searchPayer(
  rpc: Rpc,
  payment: Traced,
  since: number,
  head: Head,
): Promise<Landed | 'absent' | 'incomplete'> {
  let unseen = false
  let before: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const options = { limit: PAGE, commitment: 'confirmed', minContextSlot: head.slot, ...(before && { before }) }
    const list = await rpc.call('getSignaturesForAddress', [payment.payer, options], signatures)
    const candidates = list.filter((entry) => entry.slot >= since)
    for (let at = 0; at < candidates.length; at += FETCHED_AT_ONCE) {
      const batch = candidates.slice(at, at + FETCHED_AT_ONCE)
      const found = await Promise.all(batch.map(({ signature }) => carrier(rpc, signature, payment)))
      const landed = found.find((one) => typeof one === 'object')
      if (landed) return landed
      unseen ||= found.includes('unseen')
    }
    before = list.at(-1)?.signature
    if (list.length < PAGE || candidates.length < list.length) return unseen ? 'incomplete' : 'absent'
  }
  return 'incomplete'
}

/** Whether the node still has the chain from a slot on: one that has thrown it away cannot tell what is not in it. */
export async function remembers(rpc: Rpc, since: number): Promise<boolean> {
  return (await rpc.call('getFirstAvailableBlock', [], slot)) <= since
}

export function settlementOf({ transfer }: Traced, transaction: string, slot: number): Settlement {
  const { network, asset, from, to, amount } = transfer
  return { network, asset, payer: from, payTo: to, amount, transaction, block: String(slot) }
}
