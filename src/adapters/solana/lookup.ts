import type { Traced } from '../../domain/payment.ts'
import type { Attempt, LookupOutcome, Settlement } from '../../domain/settlement.ts'
import type { Rpc } from '../rpc.ts'
import {
  BLOCKHASH_LIFE_BLOCKS,
  carrier,
  type Head,
  headAt,
  isConfirmed,
  isFinalized,
  type Landed,
  remembers,
  searchPayer,
  settlementOf,
  statusOf,
} from './chain.ts'
import { type SignatureStatus, slots } from './shapes.ts'

/**
 * Finds out what became of a message that was signed.
 *
 * The message was checked when it was claimed, so its execution without an error is the transfer. `void` is what can never
 * move the money any more: it failed in a finalised block, or the finalised chain is past the last height at which it can
 * land and does not hold it (finalised, so that no fork brings it back).
 */
export async function lookup(
  rpc: Rpc,
  payment: Traced,
  attempt: Attempt | undefined,
  hint: string | undefined,
): Promise<LookupOutcome> {
  // Asked first: what is not found afterwards had not landed by then.
  const head = await headAt(rpc, 'finalized')
  const own = attempt?.via === 'embedded' ? attempt.transaction : undefined
  for (const signature of new Set([hint, own === undefined ? attempt?.transaction : undefined])) {
    const found = signature && (await carrier(rpc, signature, payment))
    if (typeof found === 'object') return outcomeOf(payment, found, head)
  }
  return own === undefined ? search(rpc, payment, attempt, head) : ownTransaction(rpc, payment, attempt, own, head)
}

/**
 * The transaction that we signed as fee payer ourselves.
 *
 * Its id is our signature over the message, and Ed25519 gives one signature for one message (RFC 8032, 5.1.6): under no
 * other id can it have landed.
 */
async function ownTransaction(
  rpc: Rpc,
  payment: Traced,
  attempt: Attempt | undefined,
  signature: string,
  head: Head,
): Promise<LookupOutcome> {
  const status = await statusOf(rpc, signature, head)
  if (!status) return absent(rpc, attempt, head)
  if (!isConfirmed(status)) return { outcome: 'unspent' }
  const landed = { signature, slot: status.slot, failed: status.err != null }
  return outcomeOf(payment, landed, head, status)
}

/** A transaction that somebody else signed as fee payer has an id we may never have been told. */
async function search(rpc: Rpc, payment: Traced, attempt: Attempt | undefined, head: Head): Promise<LookupOutcome> {
  const found = await searchPayer(rpc, payment, Number(attempt?.fromBlock ?? 0), head)
  if (typeof found === 'object') return outcomeOf(payment, found, head)
  if (found === 'absent') return absent(rpc, attempt, head)
  // A search that did not see the whole past proves nothing.
  return { outcome: isOver(attempt, head) ? 'unknown' : 'unspent' }
}

function outcomeOf(payment: Traced, landed: Landed, head: Head, status?: SignatureStatus): LookupOutcome {
  if (!landed.failed) return { outcome: 'settled', settlement: settlementOf(payment, landed.signature, landed.slot) }
  const final = status ? isFinalized(status) : landed.slot <= head.slot
  return { outcome: final ? 'void' : 'unspent' }
}

async function absent(rpc: Rpc, attempt: Attempt | undefined, head: Head): Promise<LookupOutcome> {
  if (!isOver(attempt, head)) return { outcome: 'unspent' }
  const whole = attempt?.fromBlock !== undefined && (await remembers(rpc, Number(attempt.fromBlock)))
  return { outcome: whole ? 'void' : 'unknown' }
}

function isOver(attempt: Attempt | undefined, { height }: Head): boolean {
  const last = attempt?.lastValidBlockHeight
  return last !== undefined && height > Number(last)
}

/**
 * Looks at a settlement again: `gone` is only what no longer stands and cannot land again by itself. Until its blockhash is
 * over, a transaction that a fork has dropped can come back.
 */
export async function review(
  rpc: Rpc,
  payment: Traced,
  { transaction, block }: Settlement,
): Promise<'final' | 'pending' | 'gone'> {
  const head = await headAt(rpc, 'finalized')
  const status = await statusOf(rpc, transaction, head)
  if (status) {
    if (!isFinalized(status)) return 'pending'
    return status.err == null ? 'final' : 'gone'
  }
  const since = Number(block ?? Number.NaN)
  if (!(await isPast(rpc, since)) || !(await remembers(rpc, since))) return 'pending'
  const found = await searchPayer(rpc, payment, since - BLOCKHASH_LIFE_BLOCKS, head)
  if (found === 'incomplete') return 'pending'
  if (found === 'absent' || found.failed) return 'gone'
  return found.slot <= head.slot ? 'final' : 'pending'
}

/** Whether the finalised chain has so many blocks after a slot that no blockhash used in it is good any more. */
async function isPast(rpc: Rpc, since: number): Promise<boolean> {
  if (!Number.isSafeInteger(since)) return false
  const after = await rpc.call(
    'getBlocksWithLimit',
    [since + 1, BLOCKHASH_LIFE_BLOCKS, { commitment: 'finalized' }],
    slots,
  )
  return after.length === BLOCKHASH_LIFE_BLOCKS
}
