import { setTimeout as sleep } from 'node:timers/promises'
import { ChainUnavailable } from '../../ports/network.ts'
import { type Rpc, RpcError } from '../rpc.ts'
import type { SignedTransaction } from './relayer.ts'
import { bytes, type EvmReceipt, maybeReceipt, receipt } from './shapes.ts'

/**
 * What came of handing a transaction to the node.
 *
 * A receipt: it is mined. `sent`: the node has it, or may have it. `nonce-taken`: another transaction of the relayer was
 * mined with its nonce. `underpriced`: the base fee is above what it offers, so the node has not taken it. `rejected`: the
 * node has not taken it for another reason.
 */
export type Sent = EvmReceipt | 'sent' | 'nonce-taken' | 'underpriced' | 'rejected'

/** Sends one transaction, waiting no longer than so many milliseconds for it to be mined. */
export type Broadcast = (transaction: SignedTransaction, waitMs: number) => Promise<Sent>

const METHOD_NOT_FOUND = -32_601
/** Longer than a block of Base. After that the transaction may have been replaced, and its own receipt never comes. */
const SYNC_MS = 4_000
const POLL_MS = 200
const RESEND_EVERY = 10
const COUNT_EVERY = 5

/** Uses `eth_sendRawTransactionSync` (EIP-7966) where the node has it: one call instead of a call and a poll. */
export function openBroadcast(rpc: Rpc): Broadcast {
  let sync = true
  return async function broadcast(transaction, waitMs): Promise<Sent> {
    try {
      if (!sync) return await sendOnly(rpc, transaction)
      const mined = await rpc.call('eth_sendRawTransactionSync', [transaction.raw], receipt, Math.min(waitMs, SYNC_MS))
      return mined.transactionHash === transaction.hash ? mined : 'sent'
    } catch (error) {
      if (sync && error instanceof RpcError && error.code === METHOD_NOT_FOUND) {
        sync = false
        return broadcast(transaction, waitMs)
      }
      return classify(rpc, error, transaction)
    }
  }
}

async function sendOnly(rpc: Rpc, { raw }: SignedTransaction): Promise<Sent> {
  await rpc.call('eth_sendRawTransaction', [raw], bytes)
  return 'sent'
}

/** Nodes word these alike since go-ethereum (core/txpool/errors.go). Whatever is not surely a rejection counts as sent. */
async function classify(rpc: Rpc, error: unknown, { hash }: SignedTransaction): Promise<Sent> {
  if (error instanceof ChainUnavailable) return 'sent'
  if (!(error instanceof RpcError)) throw error
  if (/already known|already imported/i.test(error.message)) return 'sent'
  if (/nonce too low/i.test(error.message)) {
    const mine = await rpc.call('eth_getTransactionReceipt', [hash], maybeReceipt).catch(() => undefined)
    if (mine) return mine
    return mine === null ? 'nonce-taken' : 'sent'
  }
  if (/max fee per gas|fee cap/i.test(error.message)) return 'underpriced'
  return /insufficient funds|intrinsic gas|exceeds block gas|invalid sender|txpool is full/i.test(error.message)
    ? 'rejected'
    : 'sent'
}

/**
 * Waits for a transaction to be mined, sending the same bytes again now and then.
 *
 * @param count asks how many transactions of the relayer are mined
 * @returns its receipt; `passed` when another transaction was mined with its nonce; undefined when time runs out
 */
export async function awaitReceipt(
  rpc: Rpc,
  { raw, hash, nonce }: SignedTransaction,
  until: number,
  count: () => Promise<number>,
): Promise<EvmReceipt | 'passed' | undefined> {
  for (let poll = 1; performance.now() < until; poll++) {
    try {
      const passed = poll % COUNT_EVERY === 0 && (await count()) > nonce
      const found = await rpc.call('eth_getTransactionReceipt', [hash], maybeReceipt)
      if (found) return found
      if (passed) return 'passed'
      if (poll % RESEND_EVERY === 0) await rpc.call('eth_sendRawTransaction', [raw], bytes)
    } catch (error) {
      // The node is away, or has the transaction already: ask again until time runs out.
      if (!(error instanceof ChainUnavailable || error instanceof RpcError)) throw error
    }
    await sleep(POLL_MS)
  }
  return undefined
}

/** Sends bytes that were written down before; whether they are mined is for the chain to say. */
export async function sendAgain(rpc: Rpc, raw: string): Promise<void> {
  try {
    await rpc.call('eth_sendRawTransaction', [raw], bytes)
  } catch (error) {
    // It has them already, it will not have them any more, or it is away.
    if (!(error instanceof ChainUnavailable || error instanceof RpcError)) throw error
  }
}
