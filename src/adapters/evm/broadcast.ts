import { setTimeout as sleep } from 'node:timers/promises'
import { ChainUnavailable } from '../../ports/network.ts'
import { type Rpc, RpcError } from '../rpc.ts'
import type { SignedTransaction } from './relayer.ts'
import { bytes, type EvmReceipt, maybeReceipt, receipt } from './shapes.ts'

/**
 * What came of handing a transaction to the node.
 *
 * A receipt: it is mined. `sent`: the node has it, or may have it. `nonce-taken`: another transaction of the relayer was
 * mined with its nonce. `rejected`: the node has not taken it.
 */
export type Sent = EvmReceipt | 'sent' | 'nonce-taken' | 'rejected'

/** Sends one transaction. */
export type Broadcast = (transaction: SignedTransaction) => Promise<Sent>

const METHOD_NOT_FOUND = -32_601
const POLL_MS = 200
const RESEND_EVERY = 10

/** Uses `eth_sendRawTransactionSync` (EIP-7966) where the node has it: one call instead of a call and a poll. */
export function openBroadcast(rpc: Rpc, confirmMs: number): Broadcast {
  let sync = true
  return async function broadcast(transaction): Promise<Sent> {
    try {
      if (!sync) return await sendOnly(rpc, transaction)
      const mined = await rpc.call('eth_sendRawTransactionSync', [transaction.raw], receipt, confirmMs)
      return mined.transactionHash === transaction.hash ? mined : 'sent'
    } catch (error) {
      if (sync && error instanceof RpcError && error.code === METHOD_NOT_FOUND) {
        sync = false
        return broadcast(transaction)
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
  if (/nonce too low|replacement transaction underpriced/i.test(error.message)) {
    const mine = await rpc.call('eth_getTransactionReceipt', [hash], maybeReceipt).catch(() => undefined)
    if (mine) return mine
    return mine === null ? 'nonce-taken' : 'sent'
  }
  return /insufficient funds|intrinsic gas|max fee per gas|fee cap|exceeds block gas|invalid sender|txpool is full/i.test(
    error.message,
  )
    ? 'rejected'
    : 'sent'
}

/** Waits for a receipt, sending the same bytes again now and then; undefined when time runs out. */
export async function awaitReceipt(
  rpc: Rpc,
  { raw, hash }: SignedTransaction,
  confirmMs: number,
): Promise<EvmReceipt | undefined> {
  const until = Date.now() + confirmMs
  for (let poll = 0; Date.now() < until; poll++) {
    try {
      const found = await rpc.call('eth_getTransactionReceipt', [hash], maybeReceipt)
      if (found) return found
      if (poll % RESEND_EVERY === RESEND_EVERY - 1) await rpc.call('eth_sendRawTransaction', [raw], bytes)
    } catch (error) {
      // The node is away, or has the transaction already: ask again until time runs out.
      if (!(error instanceof ChainUnavailable || error instanceof RpcError)) throw error
    }
    await sleep(POLL_MS)
  }
  return undefined
}
